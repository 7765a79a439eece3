import * as v from 'valibot';
import { claim, contractVersion, delayMs, holder, leaseMs, taskId, when, worker } from './fields.ts';

const head = { v: contractVersion, id: taskId, claim, worker: v.optional(worker) };

/** What a worker process watches of its machine. */
export const OVERLOADS = ['event loop delay', 'heap', 'load'] as const;
export type Overload = (typeof OVERLOADS)[number];

const taskError = v.strictObject({
  name: v.string('a text'),
  message: v.string('a text'),
  stack: v.optional(v.string('a text')),
});

/** What an app's report door takes: a worker's word on a task that it was notified of, under the claim it was given. */
export const reportRequest = v.variant('action', [
  /** The first act on an exclusive task: refused (`Held`) if another run of a worker has made it under this claim. */
  v.strictObject({ ...head, action: v.literal('start'), holder }),
  v.strictObject({ ...head, action: v.literal('complete') }),
  /** Longer texts than a history keeps are cut. */
  v.strictObject({ ...head, action: v.literal('fail'), error: taskError }),
  /** @default leaseMs: the policy's lease */
  v.strictObject({ ...head, action: v.literal('extend'), leaseMs: v.optional(leaseMs) }),
  /** Exactly one of `until` and `delayMs`. */
  v.strictObject({ ...head, action: v.literal('snooze'), until: v.optional(when), delayMs: v.optional(delayMs) }),
  /** No word on a task: this worker has stopped polling, because of its machine's `reason`. Counted as a metric. */
  v.strictObject({
    v: contractVersion,
    action: v.literal('overloaded'),
    worker,
    reason: v.picklist(OVERLOADS, OVERLOADS.join(', ')),
  }),
]);
export type ReportRequest = v.InferOutput<typeof reportRequest>;
export const REPORT_ACTIONS = ['start', 'complete', 'fail', 'extend', 'snooze', 'overloaded'] as const;

/** What a report door answers when it takes a report. */
export interface Reported {
  readonly id: string;
  /** The task's state after the report; after `fail` still `leased`: the failure Lambda decides what comes of it. */
  readonly state: 'scheduled' | 'leased' | 'completed' | 'cancelled' | 'dead';
  /** While leased: its end, RFC 3339 UTC. */
  readonly leaseUntil?: string;
}
