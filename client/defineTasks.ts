import type { StandardSchemaV1 } from '@standard-schema/spec';
import { LIMITS, TASK_NAME } from '../contract/limits.ts';
import { type Fields, fieldsOf, refuse, wholeNumber } from './check.ts';

/** The payload's schema of each task name: any Standard Schema (zod, valibot, arktype and others). */
export type Schemas = Readonly<Record<string, StandardSchemaV1>>;

/**
 * Makes of a payload of one version that of the next, or a promise of it. A method's type, so that the parameter may be
 * declared as what that old version was: the payload is as it was enqueued, or as the upcaster before made it.
 */
export type Upcaster = { upcast(payload: unknown): unknown }['upcast'];

/** A task whose payload has had other shapes before. */
export interface VersionedTask<S extends StandardSchemaV1 = StandardSchemaV1> {
  /** Version of the shape that `schema` describes: `enqueue` says it of a payload unless told otherwise. 1 to 1,000,000. */
  readonly version: number;
  readonly schema: S;
  /**
   * By old version, each to the next one, without a gap up to the current: `{ 1: (payload) => …, 2: … }` for version 3. What
   * the last one makes is validated by `schema`. Versions before the first have no way up. @default none
   */
  readonly upcasters?: Readonly<Record<number, Upcaster>> | undefined;
}

/** What {@link defineTasks} takes: of each name its schema (then it is version 1), or its version with schema and upcasters. */
export type Definitions = Readonly<Record<string, StandardSchemaV1 | VersionedTask>>;

/** The current schemas of definitions. */
export type SchemasOf<D extends Definitions> = {
  readonly [N in keyof D]: D[N] extends StandardSchemaV1
    ? D[N]
    : D[N] extends { readonly schema: infer S extends StandardSchemaV1 }
      ? S
      : never;
};

/** Which versions of a payload there are. */
export interface Versions {
  readonly current: number;
  /** The first from which upcasters lead to the current. */
  readonly oldest: number;
  readonly upcasters: ReadonlyMap<number, Upcaster>;
}

/** What {@link defineTasks} made: the tasks of an app, for `PunctualClient`, `createHandler` and `Worker`. */
export interface Tasks<S extends Schemas = Schemas> {
  /** The current schemas. */
  readonly schemas: S;
  readonly versions: ReadonlyMap<string, Versions>;
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
 * gets the output. When a payload's shape changes in a way that old payloads do not fit, raise its version and lead the
 * old ones up: `{ version: 2, schema, upcasters: { 1: (old: { total: number }) => ({ cents: old.total * 100 }) } }`.
 *
 * @throws BadRequestError if a name is not a task name, a value is neither a Standard Schema nor such a definition, or an
 * upcaster leads to a version that none goes on from
 */
export function defineTasks<const D extends Definitions>(definitions: D): Tasks<SchemasOf<D>> {
  if (typeof definitions !== 'object' || definitions === null) refuse('schemas', definitions, 'an object of Standard Schemas by task name');
  const names = Object.keys(definitions);
  if (names.length === 0) refuse('schemas', definitions, 'an object with at least one task name');
  const defined = names.map((name) => [name, definitionOf(name, definitions[name])] as const);
  const schemas = Object.fromEntries(defined.map(([name, { schema }]) => [name, schema]));
  return Object.freeze({
    schemas: Object.freeze(schemas) as SchemasOf<D>,
    versions: new Map(defined.map(([name, { versions }]) => [name, versions])),
  });
}

function definitionOf(name: string, definition: unknown): DefinedTask {
  if (!TASK_NAME.test(name)) refuse('schemas', name, 'named by task names: letters, digits and . _ : -, 128 characters at most');
  if (isStandardSchema(definition)) return { schema: definition, versions: { current: 1, oldest: 1, upcasters: new Map() } };
  const field = `schemas.${name}`;
  const isVersioned = typeof definition === 'object' && definition !== null && 'schema' in definition;
  if (!isVersioned) refuse(field, definition, `${A_SCHEMA}, or { version, schema, upcasters }`);
  const fields = fieldsOf(definition, ['version', 'schema', 'upcasters'], field);
  if (fields.version === undefined) refuse(`${field}.version`, undefined, 'given: the version that the schema describes');
  const current = wholeNumber(fields, 'version', { min: 1, max: LIMITS.version, default: 1 }, field);
  if (!isStandardSchema(fields.schema)) refuse(`${field}.schema`, fields.schema, A_SCHEMA);
  const upcasters = upcastersOf(fields, current, `${field}.upcasters`);
  return { schema: fields.schema, versions: { current, oldest: current - upcasters.size, upcasters } };
}

const A_SCHEMA = 'a Standard Schema, version 1 (zod 3.24, valibot 1, arktype 2 or later)';

/** Without a gap up to the current version: one that leads nowhere is a mistake that only an old payload would show. */
function upcastersOf({ upcasters = {} }: Fields, current: number, field: string): Map<number, Upcaster> {
  if (typeof upcasters !== 'object' || upcasters === null || Array.isArray(upcasters)) {
    refuse(field, upcasters, 'functions by the old version that they take, such as { 1: (payload) => … }');
  }
  const given = new Map(Object.entries(upcasters as Fields).map(([key, upcaster]) => [Number(key), upcaster]));
  for (const [version, upcaster] of given) {
    if (!(version >= 1 && version < current)) refuse(field, version, `by old versions: whole numbers from 1 to ${current - 1}`);
    if (typeof upcaster !== 'function') refuse(`${field}.${version}`, upcaster, `a function that makes version ${version + 1} of it`);
    const leads = version + 1 === current || given.has(version + 1);
    if (!leads) refuse(field, `no ${version + 1}`, `without a gap up to version ${current}: ${version} leads to ${version + 1}`);
  }
  return given as Map<number, Upcaster>;
}

function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // Some libraries make schemas that are functions.
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchemaV1>)['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

/** A task as it was defined. */
export interface DefinedTask {
  readonly schema: StandardSchemaV1;
  readonly versions: Versions;
}

/** The task of a name, if it is one of the defined (own names only: not `constructor`). */
export function taskOf(tasks: Tasks, name: string): DefinedTask | undefined {
  const schema = Object.hasOwn(tasks.schemas, name) ? tasks.schemas[name] : undefined;
  const versions = tasks.versions.get(name);
  return schema && versions && { schema, versions };
}

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
  const { schemas, versions } = (tasks ?? {}) as Partial<Tasks>;
  const isMade = typeof schemas === 'object' && schemas !== null && versions instanceof Map;
  if (!isMade) refuse('tasks', tasks, 'what defineTasks({ … }) returned');
}
