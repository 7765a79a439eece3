import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { app, fingerprint } from '../../contract/fields.ts';
import type { RecurringError } from '../../core/errors.ts';
import { errorLane, watchKey } from '../../core/lanes.ts';
import { log } from '../log.ts';
import { type Item, itemOf } from '../rows.ts';

/** Seconds for which an error is kept after it was last seen: 30 days. */
const KEPT_SECONDS = 30 * 86_400;

/** Key of a recurring error. */
export const errorId = (app: string, fingerprint: string): string => `~error/${app}/${fingerprint}`;

/** A recurring error as its row holds it. */
export interface ErrorRow {
  readonly error: RecurringError;
  /** Keys of the occurrences that were counted last, each with the tag of the count: `key.tag`. */
  readonly recent: readonly string[];
  /** Since when a report is under way that nobody has seen arrive. Epoch ms. */
  readonly owedSince?: number | undefined;
}

const count = v.pipe(v.number(), v.safeInteger());
/** What a date can be: another would stop whoever writes it in words. */
const instant = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8.64e15));
const rowSchema = v.object({
  app,
  fingerprint,
  name: v.string(),
  errorName: v.string(),
  message: v.string(),
  // Not `rev`: the index shows that of tasks, and would have to be written at every count.
  revision: count,
  count: count,
  deaths: count,
  firstSeenAt: instant,
  lastSeenAt: instant,
  versions: v.array(count),
  tasks: v.array(v.string()),
  windowFrom: instant,
  windowCount: count,
  windowDeaths: count,
  reportedCount: count,
  reportedDeaths: count,
  reportedAt: count,
  resolvedAt: v.optional(instant),
  recent: v.array(v.string()),
  owedSince: v.optional(count),
  expiresAtSeconds: count,
});

/** The error that a row holds; undefined: there is none, it has expired, or it cannot be read, which is logged. */
export function errorRowOf(item: Item | undefined, now: number): ErrorRow | undefined {
  if (!item) return undefined;
  // A number too large for one is an error of this library otherwise.
  const read = v.safeParse(rowSchema, unmarshall(item, { wrapNumbers: Number }));
  if (!read.success) {
    // Not the issue's text: it could repeat a worker's message.
    log('ERROR', 'a recurring error cannot be read; it is counted anew', { id: item.id?.S, field: v.getDotPath(read.issues[0]) ?? '' });
    return undefined;
  }
  const { revision, recent, owedSince, expiresAtSeconds, ...error } = read.output;
  if (expiresAtSeconds * 1_000 <= now) return undefined;
  return { error: { ...error, rev: revision } as RecurringError, recent, owedSince };
}

/** The attributes of an error's row, its key left out. */
export function errorAttributes({ error: { rev, ...error }, recent, owedSince }: ErrorRow): Item {
  const { app, fingerprint, firstSeenAt, lastSeenAt } = error;
  return itemOf({
    ...error,
    revision: rev,
    recent,
    owedSince,
    expiresAtSeconds: Math.ceil(lastSeenAt / 1_000) + KEPT_SECONDS,
    // By when it was first seen: to count it again touches no key of the index.
    watch: errorLane(app),
    watchAt: watchKey(firstSeenAt, errorId(app, fingerprint)),
  });
}
