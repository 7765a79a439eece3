import { jsonProblem } from '../contract/json.ts';
import { NOTIFICATION_BYTES } from '../contract/limits.ts';
import { refuse, refuseAs } from './check.ts';
import { namesOf, schemaOf, type Tasks } from './defineTasks.ts';
import { BadRequestError, PayloadTooLargeError } from './errors.ts';
import { validatePayload } from './validatePayload.ts';

/**
 * The payload as it will arrive, a copy: JSON, not too large, and allowed by its schema.
 * The size is checked again by the door, which knows the envelope.
 */
export async function preparePayload(tasks: Tasks | undefined, name: string, payload: unknown, field: string): Promise<unknown> {
  const text = jsonText(payload, field);
  const bytes = Buffer.byteLength(text);
  if (bytes > NOTIFICATION_BYTES) {
    throw new PayloadTooLargeError(
      `${field} is ${bytes} bytes of JSON; a notification holds ${NOTIFICATION_BYTES}. Store the data elsewhere and send a reference.`,
      { field, got: `${bytes} bytes`, allowed: `at most ${NOTIFICATION_BYTES} bytes, the envelope included` },
    );
  }
  // The copy is what is validated and sent: the original may change, or answer differently, while a schema awaits.
  const copy: unknown = JSON.parse(text);
  const schema = tasks && schemaOf(tasks, name);
  if (!schema) return copy;
  const validated = await validatePayload(schema, JSON.parse(text), field);
  if (validated.ok) return copy;
  const [path = field] = validated.paths;
  throw new BadRequestError(
    `${validated.paths.slice(0, 10).join(', ')} must be what the schema of ${name} allows; see the error's issues.`,
    {
      field: path,
      got: kindAt(copy, path.slice(field.length)),
      allowed: `what the schema of ${name} allows`,
      issues: validated.issues,
      ...(validated.cause === undefined ? {} : { cause: validated.cause }),
    },
  );
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
export function checkName(tasks: Tasks | undefined, name: string, field: string): void {
  if (tasks && !schemaOf(tasks, name)) refuse(field, name, `one of the defined tasks: ${namesOf(tasks)}`);
}
