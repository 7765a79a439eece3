import { badField } from '../../contract/errors.ts';
import { LATEST_MS, resolveWhen, type When } from '../../core/when.ts';
import { Refused } from './door.ts';

/**
 * The instant that a request means by a date, or by a delay from now; undefined if it gives neither.
 *
 * @throws Refused if it gives both, or a date that cannot be used
 */
export function instantOf(field: string, date: When | undefined, delayMs: number | undefined, now: number): number | undefined {
  if (date !== undefined && delayMs !== undefined) {
    const delay = `${field.slice(0, field.lastIndexOf('.') + 1)}delayMs`;
    throw new Refused(badField(delay, delayMs, `absent where ${field} is given`));
  }
  if (delayMs !== undefined) return Math.min(now + delayMs, LATEST_MS);
  if (date === undefined) return undefined;
  const resolved = resolveWhen(date);
  if (resolved.ok) return resolved.ms;
  throw new Refused(badField(resolved.field ? `${field}.${resolved.field}` : field, resolved.got, resolved.allowed));
}
