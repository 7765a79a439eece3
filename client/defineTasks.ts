import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TASK_NAME } from '../contract/limits.ts';
import { refuse } from './check.ts';

/** The payload's schema of each task name: any Standard Schema (zod, valibot, arktype and others). */
export type Schemas = Readonly<Record<string, StandardSchemaV1>>;

/** What {@link defineTasks} made: the tasks of an app, for `PunctualClient`, `createHandler` and `Worker`. */
export interface Tasks<S extends Schemas = Schemas> {
  readonly schemas: S;
}

/** A name among the defined tasks. */
export type TaskName<S extends Schemas> = keyof S & string;

/** The payload that `enqueue` takes for a task name: the schema's input. */
export type PayloadInput<S extends Schemas, N extends TaskName<S>> = StandardSchemaV1.InferInput<S[N]>;

/** The payload that a handler is given for a task name: the schema's output. */
export type Payload<S extends Schemas, N extends TaskName<S>> = StandardSchemaV1.InferOutput<S[N]>;

/**
 * Names the tasks of an app and the shape of their payloads, once for the code that enqueues and the code that works.
 * What travels is the schema's input (it must be JSON); it is validated at enqueue and again before the handler, which
 * gets the output.
 *
 * @throws BadRequestError if a name is not a task name or a value is not a Standard Schema
 */
export function defineTasks<const S extends Schemas>(schemas: S): Tasks<S> {
  if (typeof schemas !== 'object' || schemas === null) refuse('schemas', schemas, 'an object of Standard Schemas by task name');
  const names = Object.keys(schemas);
  if (names.length === 0) refuse('schemas', schemas, 'an object with at least one task name');
  for (const name of names) {
    if (!TASK_NAME.test(name)) refuse('schemas', name, 'named by task names: letters, digits and . _ : -, 128 characters at most');
    if (!isStandardSchema(schemas[name])) {
      refuse(`schemas.${name}`, schemas[name], 'a Standard Schema, version 1 (zod 3.24, valibot 1, arktype 2 or later)');
    }
  }
  return Object.freeze({ schemas: Object.freeze({ ...schemas }) });
}

function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // Some libraries make schemas that are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchemaV1>)['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** The schema of a name, if it is one of the defined tasks (own names only: not `constructor`). */
export const schemaOf = (tasks: Tasks, name: string): StandardSchemaV1 | undefined =>
  Object.hasOwn(tasks.schemas, name) ? tasks.schemas[name] : undefined;

/** The defined names as an error may list them. */
export function namesOf(tasks: Tasks): string {
  const names = Object.keys(tasks.schemas);
  return names.length <= NAMES_LISTED
    ? names.join(', ')
    : `${names.slice(0, NAMES_LISTED).join(', ')} and ${names.length - NAMES_LISTED} more`;
}

const NAMES_LISTED = 20;

/** Refuses what did not come from {@link defineTasks}. */
export function checkTasks(tasks: unknown): void {
  const schemas = (tasks as Partial<Tasks> | undefined)?.schemas;
  if (typeof schemas !== 'object' || schemas === null) refuse('tasks', tasks, 'what defineTasks({ … }) returned');
}
