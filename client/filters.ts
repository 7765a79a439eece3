import type { State } from '../core/task.ts';
import { type Fields, fieldsOf } from './check.ts';
import { type DateInput, prepareDate } from './prepareDates.ts';

/** A name and a range of dates. A field that is undefined counts as absent. */
export interface TaskFilter {
  /** Only tasks of this name. @default all */
  readonly name?: string | undefined;
  /** From this date on (included): the due date of tasks that wait or are out, the end of those that have ended. */
  readonly from?: DateInput | undefined;
  /** Until this date (excluded). */
  readonly to?: DateInput | undefined;
}

/** Which tasks `list` shows, and which page of them. */
export interface ListFilter extends TaskFilter {
  /** @default 'scheduled' */
  readonly state?: State | undefined;
  /** Only tasks whose last error is this recurring one. Only of dead ones. */
  readonly fingerprint?: string | undefined;
  /** At most so many, 1 to 100; a page may hold fewer though more follow. @default 25 */
  readonly limit?: number | undefined;
  /** Where the page starts: the cursor of the page before. @default the first page */
  readonly cursor?: string | undefined;
}

/** How far `next` looks ahead. */
export interface NextOptions {
  /** 1 to 25. @default 1 */
  readonly count?: number | undefined;
}

const LIST_FIELDS = ['state', 'name', 'from', 'to', 'fingerprint', 'limit', 'cursor'];

export const listFilter = (filter: ListFilter): Fields => filterOf(filter, LIST_FIELDS, 'filter');

/** The fields of a filter as a request carries them: its dates as the contract writes them. */
export function filterOf(filter: unknown, known: readonly string[], prefix: string): Fields {
  const { from, to, ...rest } = fieldsOf(filter, known, prefix);
  return {
    ...rest,
    ...(from === undefined ? {} : { from: prepareDate(from, `${prefix}.from`) }),
    ...(to === undefined ? {} : { to: prepareDate(to, `${prefix}.to`) }),
  };
}

export const nextOptions = (options: NextOptions): Fields => fieldsOf(options, ['count'], 'options');
