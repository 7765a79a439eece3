import { jsonProblem } from '../contract/json.ts';
import { NOTIFICATION_BYTES } from '../contract/limits.ts';
import { refuse, refuseAs } from './check.ts';
import { type DefinedTask, namesOf, type Tasks, taskOf } from './defineTasks.ts';
import { BadRequestError, PayloadTooLargeError } from './errors.ts';
import { isReachable, upcast } from './upcast.ts';
import { validatePayload } from './validatePayload.ts';

/** The payload as it will arrive: a copy, JSON, not too large. The size is checked again by the door, which knows the envelope. */
export function jsonCopy(payload: unknown, field: string): unknown {
  const text = jsonText(payload, field);
  const bytes = Buffer.byteLength(text);
  if (bytes > NOTIFICATION_BYTES) {
    throw new PayloadTooLargeError(
      `${field} is ${bytes} bytes of JSON; a notification holds ${NOTIFICATION_BYTES}. Store the data elsewhere and send a reference.`,
      { field, got: `${bytes} bytes`, allowed: `at most ${NOTIFICATION_BYTES} bytes, the envelope included` },
    );
  }
  // The copy is what is validated and sent: the original may change, or answer differently, while a schema awaits.
  return JSON.parse(text);
}

/** Refuses a payload that its schema does not allow; one of an old version is led up to the current first, as a worker would. */
export async function checkPayload(tasks: Tasks, name: string, version: number, payload: unknown, field: string): Promise<void> {
  const task = taskOf(tasks, name);
  if (!task) return;
  const validated = await validatePayload(task.schema, await risen(task, version, structuredClone(payload), field), field);
  if (validated.ok) return;
  const [path = field] = validated.paths;
  throw new BadRequestError(
    `${validated.paths.slice(0, 10).join(', ')} must be what the schema of ${name} allows; see the error's issues.`,
    {
      field: path,
      got: kindAt(payload, path.slice(field.length)),
      allowed: `what the schema of ${name} allows`,
      issues: validated.issues,
      ...(validated.cause === undefined ? {} : { cause: validated.cause }),
    },
  );
}

async function risen({ versions }: DefinedTask, version: number, payload: unknown, field: string): Promise<unknown> {
  try {
    return await upcast(versions, version, payload);
  } catch (cause) {
    const allowed = `what the upcasters take as version ${version}`;
    throw new BadRequestError(`${field} must be ${allowed}; one of them threw, see the error's cause.`, { field, allowed, cause });
  }
}

function jsonText(payload: unknown, field: string): string {
  let text: string | undefined;
  try {
    const problem = jsonProblem(payload, field);
    if (problem) refuseAs(problem.path, problem.got, problem.allowed);
    text = JSON.stringify(payload);
  } catch (cause) {
    if (cause instanceof BadRequestError) throw cause;
    // A proxy or a getter that answers differently the second time.
    throw new BadRequestError(`${field} cannot be read as JSON.`, { field, got: 'an object that throws', allowed: 'plain data', cause });
  }
  return text ?? refuse(field, payload, 'plain data');
}

/** The kind of what stands at a path, never the value: it is a payload's. */
function kindAt(payload: unknown, path: string): string {
  let value = payload;
  for (const key of path.split(/[.[\]]+/).filter(Boolean)) {
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Refuses a name that is not one of the defined tasks. */
export function checkName(tasks: Tasks, name: string, field: string): void {
  if (!taskOf(tasks, name)) refuse(field, name, `one of the defined tasks: ${namesOf(tasks)}`);
}

/** Refuses a version whose payload the tasks cannot check: no worker of these tasks would take it. */
export function checkVersion(tasks: Tasks, name: string, version: number, field: string): void {
  const task = taskOf(tasks, name);
  if (!task || isReachable(task.versions, version)) return;
  const { oldest, current } = task.versions;
  refuse(field, version, `${oldest === current ? current : `${oldest} to ${current}`}, as ${name} is defined; left out it is ${current}`);
}
