import { badField } from '../contract/errors.ts';
import { Refused } from './doors/door.ts';

/** Where a walk goes on, as its caller keeps it: opaque to them, and good for this walk alone. */
export const cursorOf = (walk: string, at: string): string => Buffer.from(JSON.stringify([walk, at]), 'utf8').toString('base64url');

/**
 * Where the step before ended; undefined: this is the first.
 *
 * @throws Refused if the cursor is not one of this walk
 */
export function positionIn(walk: string, cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const [of, at] = read(cursor);
  if (of === walk && typeof at === 'string' && at !== '') return at;
  throw new Refused(badField('cursor', cursor, 'absent, or a cursor as the page before answered it to the same request'));
}

function read(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
