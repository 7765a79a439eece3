import * as v from 'valibot';
import { badField, type DoorError, doorError, shortened, shown } from './errors.ts';

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: DoorError };

/**
 * Reads a request by its schema. The first thing that is wrong comes back as an error that names the field (below
 * `prefix`), the value found there and what is allowed; unknown fields and unknown actions are refused by name.
 */
export function parseRequest<T extends v.GenericSchema>(
  schema: T,
  input: unknown,
  prefix = '',
  actions: readonly string[] = [],
): Parsed<v.InferOutput<T>> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return { ok: false, error: badField(prefix, input, 'an object') };
  const result = v.safeParse(schema, input, { abortEarly: true });
  if (result.success) return { ok: true, value: result.output };
  const [issue] = result.issues;
  return { ok: false, error: describe(deepest(issue), prefix, actions) };
}

/** A union reports itself; the branch that the value was meant for says more. */
function deepest(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  if (issue.type !== 'union' || Array.isArray(issue.input)) return issue;
  const inner = issue.issues?.find((candidate) => candidate.path && candidate.path.length > 0);
  if (!inner) return issue;
  return { ...inner, path: [...(issue.path ?? []), ...(inner.path ?? [])] as unknown as NonNullable<typeof issue.path> };
}

function describe(issue: v.BaseIssue<unknown>, prefix: string, actions: readonly string[]): DoorError {
  const field = join(prefix, v.getDotPath(issue) ?? '');
  if (issue.type === 'variant') return badField(field, issue.input, `one of the actions ${actions.join(', ')}`);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return doorError('BadRequest', `${field} is not a field that is known here. Take it out, or correct its name.`, {
      field,
      got: shown(issue.input),
      allowed: 'no such field',
    });
  }
  if (issue.type === 'strict_object') return badField(field, issue.input, issue.input === undefined ? 'given' : 'an object');
  return badField(field, issue.input, issue.message);
}

// A field may be any text that was sent as a name.
const join = (prefix: string, path: string): string => shortened(prefix && path ? `${prefix}.${path}` : prefix || path);
