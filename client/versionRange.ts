import { LIMITS } from '../contract/limits.ts';
import { refuse } from './check.ts';

/** Versions of a payload, both ends included. */
export interface VersionRange {
  readonly from: number;
  readonly to: number;
}

const RANGE = /^(\d{1,7})(?:-(\d{1,7}))?$/;

/** One range, such as `'2'` or `'1-2'`. @throws BadRequestError naming `field` */
export function versionRange(text: unknown, field: string): VersionRange {
  const [, first, last = first] = (typeof text === 'string' && RANGE.exec(text)) || [];
  const range = { from: Number(first), to: Number(last) };
  const isRange = range.from >= 1 && range.from <= range.to && range.to <= LIMITS.version;
  return isRange ? range : refuse(field, text, `a version or a range of them from 1 to ${LIMITS.version}, such as '2' or '1-2'`);
}

export const includes = ({ from, to }: VersionRange, version: number): boolean => from <= version && version <= to;

/** Ranges in one text, ascending, those that touch joined: `'1-3,5'`. */
export function rangesText(ranges: readonly VersionRange[]): string {
  const joined: VersionRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const before = joined.at(-1);
    if (before && range.from <= before.to + 1) joined.splice(-1, 1, { from: before.from, to: Math.max(before.to, range.to) });
    else joined.push(range);
  }
  return joined.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}
