import { TASK_NAME } from '../contract/limits.ts';
import type { VersionCount } from '../contract/operate.ts';
import { mustBe } from './failure.ts';

/** The versions that a build of a worker can handle, by task name, each as ranges: `1-3`, `2`, `1,4-6`. */
export type Handles = Readonly<Record<string, string>>;

/** Tasks that a build could not handle. */
export interface Unhandled extends VersionCount {
  /** The versions of the name that it could; null: none. */
  readonly handles: string | null;
}

const RANGES = /^\d{1,7}(-\d{1,7})?(,\d{1,7}(-\d{1,7})?)*$/;

/** Checks what was given as handles. @throws CliError naming what is wrong in it */
export function handlesOf(value: unknown, source: string): Handles {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw mustBe(source, undefined, 'an object of version ranges by task name, such as {"send-invoice":"1-3"}');
  }
  const entries = Object.entries(value as Record<string, unknown>).map(([name, ranges]) => {
    if (!TASK_NAME.test(name)) throw mustBe(source, name, 'named by task names: letters, digits and . _ : -, 128 characters at most');
    const text = typeof ranges === 'number' ? String(ranges) : ranges;
    if (typeof text !== 'string' || !RANGES.test(text)) {
      throw mustBe(`${source}.${name}`, typeof text === 'string' ? text : typeof text, 'version ranges, such as 1-3, 2 or 1,4-6');
    }
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}

/** What of the versions that wait or are out a build could not handle. */
export function unhandled(versions: readonly VersionCount[], handles: Handles): Unhandled[] {
  return versions.flatMap(({ name, version, count }) => {
    const ranges = Object.hasOwn(handles, name) ? (handles[name] ?? null) : null;
    return ranges !== null && isWithin(version, ranges) ? [] : [{ name, version, count, handles: ranges }];
  });
}

const isWithin = (version: number, ranges: string): boolean =>
  ranges.split(',').some((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return version >= from && version <= to;
  });
