import * as v from 'valibot';
import type { AppSettings } from '../core/policy.ts';
import { app, contractVersion, cursor, fingerprint, pageSize, perMinute, taskName } from './fields.ts';
import { type Explanation, filterFields, listFields, type NextTask, nextFields, TASK_ACTIONS, type TaskPage, taskAction } from './tasks.ts';
import type { TaskView } from './view.ts';

const v1 = { v: contractVersion };
const error = { app, fingerprint };
const valve = { app, name: v.optional(taskName) };

/** What the operate door takes: the queue as a whole, any app's tasks, their errors, and the valves on their way out. */
export const operateRequest = v.variant('action', [
  /** The apps with their settings, and the dispatcher. */
  v.strictObject({ ...v1, action: v.literal('describe') }),
  v.strictObject({ ...v1, action: v.literal('stats'), app }),
  v.strictObject({ ...v1, action: v.literal('next'), app, ...nextFields }),
  v.strictObject({ ...v1, action: v.literal('list'), app, ...listFields }),
  /** How many tasks of each name and version wait or are out, step by step. */
  v.strictObject({ ...v1, action: v.literal('versions'), app, cursor: v.optional(cursor) }),
  /** Dead tasks by name, error or date of death, step by step. */
  v.strictObject({
    ...v1,
    action: v.literal('replayAll'),
    app,
    ...filterFields,
    fingerprint: v.optional(fingerprint),
    /** Only says which would be replayed. @default true */
    dryRun: v.optional(v.boolean('true or false')),
    limit: v.optional(pageSize),
    cursor: v.optional(cursor),
  }),
  v.strictObject({ ...v1, action: v.literal('errors'), app, cursor: v.optional(cursor) }),
  v.strictObject({ ...v1, action: v.literal('error'), ...error }),
  /** Counting starts anew; the next occurrence opens it again. */
  v.strictObject({ ...v1, action: v.literal('resolveError'), ...error }),
  /** Nothing of the app, or of the name, is claimed until it is resumed; enqueue goes on. */
  v.strictObject({ ...v1, action: v.literal('pause'), ...valve }),
  /** With `perMinute` no faster than that, until it is resumed without. */
  v.strictObject({ ...v1, action: v.literal('resume'), ...valve, perMinute: v.optional(perMinute) }),
  ...taskAction.options,
]);
export type OperateRequest = v.InferOutput<typeof operateRequest>;
export const OPERATE_ACTIONS = [
  'describe',
  'stats',
  'next',
  'list',
  'versions',
  'replayAll',
  'errors',
  'error',
  'resolveError',
  'pause',
  'resume',
  ...TASK_ACTIONS,
] as const;

/** A count that stops somewhere: `isMore` says that there are more. */
export interface Count {
  readonly count: number;
  readonly isMore: boolean;
}

/** What was set on an app's way out, or on that of one of its task names. */
export interface ValveView {
  readonly state: 'open' | 'paused' | 'limited';
  readonly perMinute?: number;
}

/** An app as it stands. Instants are RFC 3339 UTC. */
export interface Stats {
  readonly app: string;
  readonly valve: ValveView;
  /** Of task names that have one of their own. */
  readonly names: Readonly<Record<string, ValveView>>;
  readonly waiting: Readonly<Record<'high' | 'medium' | 'low', Count>>;
  /** Of `waiting`, those whose date has come. */
  readonly due: Readonly<Record<'high' | 'medium' | 'low', Count>>;
  /** Since when the oldest of them is due. */
  readonly oldestDueAt?: string;
  /** When the next that is not yet due falls due; absent: none waits. */
  readonly nextDueAt?: string;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly dead: Count;
}

/** Tasks of one name and version that wait or are out. */
export interface VersionCount {
  readonly name: string;
  readonly version: number;
  readonly count: number;
}

/** One step of a replay of many. */
export interface ReplayStep {
  /** Tasks that the step found, by id. */
  readonly matched: readonly string[];
  /** Of them, those that wait again; none in a dry run. */
  readonly replayed: readonly string[];
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
  /** Absent: this was the last step. */
  readonly cursor?: string;
}

/** A recurring error. Instants are RFC 3339 UTC. */
export interface ErrorView {
  readonly fingerprint: string;
  readonly app: string;
  readonly name: string;
  readonly errorName: string;
  /** Of the latest occurrence. */
  readonly message: string;
  readonly count: number;
  readonly deaths: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly versions: readonly number[];
  /** The first tasks that it hit. */
  readonly tasks: readonly string[];
  readonly resolvedAt?: string;
}

/** What was set on the ways out of an app. */
export type ValvesView = Pick<Stats, 'app' | 'valve' | 'names'>;

/** The queue as a whole. */
export interface Description {
  readonly apps: readonly (AppSettings & Pick<Stats, 'valve' | 'names'>)[];
  /** How often dispatchers have taken their seats, and until when (RFC 3339 UTC) the last of those who have one counts as alive. */
  readonly dispatcher: { readonly runs: number; readonly aliveUntil?: string };
}

/** What each action answers beside `v` and `ok`; a cursor that is absent says: this was the last step. */
export interface OperateAnswers {
  readonly describe: Description;
  readonly stats: Stats;
  readonly next: { readonly next: readonly NextTask[] };
  readonly list: TaskPage;
  readonly versions: { readonly versions: readonly VersionCount[]; readonly cursor?: string };
  readonly replayAll: ReplayStep;
  readonly errors: { readonly errors: readonly ErrorView[]; readonly cursor?: string };
  readonly error: { readonly error: ErrorView };
  readonly resolveError: { readonly error: ErrorView };
  readonly pause: ValvesView;
  readonly resume: ValvesView;
  readonly get: { readonly task: TaskView };
  readonly explain: Explanation;
  readonly cancel: { readonly task: TaskView };
  readonly reschedule: { readonly task: TaskView };
  readonly reprioritize: { readonly task: TaskView };
  readonly moveToFront: { readonly task: TaskView };
  readonly replay: { readonly task: TaskView };
}
