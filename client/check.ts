import type * as v from 'valibot';
import { badField, shortened, shown } from '../contract/errors.ts';
import { parseRequest } from '../contract/parse.ts';
import { BadRequestError, errorOf } from './errors.ts';

/** An object as the client reads it: own fields by name. */
export type Fields = Readonly<Record<string, unknown>>;

/** The refusal of one field, thrown. */
export function refuse(field: string, got: unknown, allowed: string): never {
  throw errorOf(badField(field, got, allowed));
}

/** As {@link refuse}, where what was got is in words already. */
export function refuseAs(field: string, got: string, allowed: string): never {
  throw new BadRequestError(`${field} must be ${allowed}; got ${got}.`, { field, got, allowed });
}

/** `field` below `prefix`: `tasks[3]` and `dueAt` make `tasks[3].dueAt`. */
export const below = (prefix: string, field: string): string => (prefix && field ? `${prefix}.${field}` : prefix || field);

/** The object as its contract schema reads it, or the contract's error thrown. */
export function check<T extends v.GenericSchema>(schema: T, value: unknown, field: string, actions?: readonly string[]): v.InferOutput<T> {
  const parsed = parseRequest(schema, value, field, actions);
  if (!parsed.ok) throw errorOf(parsed.error);
  return parsed.value;
}

/**
 * The fields of an input object, each read once. Unknown names are refused: a misspelt option that is silently ignored is
 * found in production. A field that is `undefined` counts as absent, except `payload`: there it would hide a mistake.
 */
export function fieldsOf(input: unknown, known: readonly string[], prefix: string): Fields {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) refuse(prefix, input, 'an object');
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(input)) {
    const field = shortened(below(prefix, name));
    if (!known.includes(name)) {
      throw new BadRequestError(`${field} is not a field that is known here. Take it out, or correct its name: ${known.join(', ')}.`, {
        field,
        got: shown(name),
        allowed: `one of ${known.join(', ')}`,
      });
    }
    const value = read(input, name, field);
    if (value !== undefined || name === 'payload') fields[name] = value;
  }
  return fields;
}

function read(input: object, name: string, field: string): unknown {
  try {
    return (input as Fields)[name];
  } catch (cause) {
    throw new BadRequestError(`${field} has a getter that throws.`, { field, got: 'a getter that throws', allowed: 'plain data', cause });
  }
}

/** A whole number of an option, or the default where it is absent. */
export function wholeNumber(fields: Fields, name: string, range: { min: number; max: number; default: number }, prefix = ''): number {
  const value = fields[name] ?? range.default;
  if (typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  return refuse(below(prefix, name), value, `a whole number from ${range.min} to ${range.max}`);
}
