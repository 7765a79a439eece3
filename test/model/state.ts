import type { NewTask } from '../../core/actions.ts';
import type { SlotEntry } from '../../core/slots.ts';
import type { Task } from '../../core/task.ts';

/** All that the search knows of the system at one moment: plain data, never changed in place. */
export interface State {
  /** Which instant it is; see `instantOf`. */
  readonly at: number;
  /** The tasks' rows, and the versions before each, latest first: what a stale reading may still show. */
  readonly rows: readonly Task[];
  readonly past: readonly (readonly Task[])[];
  /** The entries that each slot's row holds. */
  readonly slots: readonly (readonly SlotEntry[])[];
  /** The dispatchers' memories; null: not running. */
  readonly runs: readonly (Run | null)[];
  /** What SNS has accepted, ever. A notification may reach a worker at any later time, again and again, or never. */
  readonly told: readonly string[];
  /** What the bus was told, ever. The failure function may be handed it at any later time, again and again, or never. */
  readonly requests: readonly FailureRequest[];
  /** Which worker was told that it may do an exclusive task, under which claim. */
  readonly started: readonly Started[];
  /** The claims under which each task was answered to be completed; `since`: the claim at its last replay. */
  readonly done: readonly { readonly since: number; readonly claims: readonly number[] }[];
  /** How often somebody may still change their mind, and SNS refuse for good. */
  readonly minds: number;
  readonly refusals: number;
}

/** A run's memory: `Ledger`, `Outbox`, and where its turn stands. All of it is gone with a crash. */
export interface Run {
  readonly slots: readonly SlotMemory[];
  /** By `factKey`: what was learned since the slot was last written. */
  readonly facts: Readonly<Record<string, Fact>>;
  readonly outbox: readonly Outgoing[];
  /** By `factKey`: entries left alone until the next instant. */
  readonly aside: readonly string[];
  /** A batch whose entries are written: claims to be sent, then those whose answers prove nothing to be read back. */
  readonly doing: { readonly slot: number; readonly claims: readonly Claim[]; readonly unproven: readonly Claim[] } | null;
}

/**
 * A slot as a run has seen it. Of the row's revision nothing counts but whether it is still the one that was seen (it only
 * grows), so that alone is kept: else there were no end of states.
 */
export interface SlotMemory {
  readonly entries: readonly SlotEntry[];
  readonly isCurrent: boolean;
}

export interface Fact {
  readonly freed?: true;
  readonly published?: true;
  readonly leaseUntil?: number;
}

/** A claimed task that waits for SNS. `isDone`: it is completed by its claim. */
export interface Outgoing extends Pick<Task, 'id' | 'claim' | 'dueAt'> {
  readonly leaseUntil: number;
  readonly isDone: boolean;
  readonly held: Held;
}

export interface Held {
  readonly slot: number;
  readonly entry: SlotEntry;
}

export type Claim = Pick<SlotEntry, 'id' | 'rev' | 'leaseUntil'>;

export interface FailureRequest {
  readonly type: 'fail' | 'expire' | 'refuse' | 'miss';
  readonly id: string;
  readonly claim: number;
  /** SNS is not known to have accepted it. */
  readonly unpublished?: true;
}

export interface Started {
  readonly worker: string;
  readonly id: string;
  readonly claim: number;
}

/** One step that the system may take next. */
export interface Step {
  readonly label: string;
  readonly next: State;
  /** Rules that the step itself breaks. */
  readonly broken: readonly string[];
  /** What happens where nothing fails: such steps alone must lead to the end. */
  readonly helps: boolean;
}

/** What a search goes through: the tasks, the limit, and what may happen how often. */
export interface Scope {
  readonly title: string;
  readonly tasks: readonly Partial<NewTask>[];
  readonly maxInFlight: number;
  /** How many instants, each after all leases that were given at the one before. */
  readonly instants: number;
  readonly runs: number;
  /** How many older versions of a row an index or a reading may still show. */
  readonly lag: number;
  readonly reports: readonly ('complete' | 'fail' | 'extend' | 'snooze')[];
  readonly minds: readonly ('cancel' | 'reschedule' | 'replay')[];
  readonly mindsAtMost: number;
  readonly refusalsAtMost: number;
  /** Faults beside death: the answer to a write or to SNS is lost; a turn is cut short. */
  readonly faults: readonly ('answers' | 'turns')[];
}

export const toldKey = ({ id, claim }: Pick<Task, 'id' | 'claim'>): string => `${id} ${claim}`;

/** A sorted list as a set. */
export const withOne = <T>(list: readonly T[], one: T, keyOf: (one: T) => string): readonly T[] =>
  list.some((other) => keyOf(other) === keyOf(one)) ? list : [...list, one].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));

export const replaced = <T>(list: readonly T[], index: number, value: T): readonly T[] => list.map((one, i) => (i === index ? value : one));
