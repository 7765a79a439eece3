import * as v from 'valibot';
import { app, claim, contractVersion, priority, taskId, taskName, version } from './fields.ts';

const instant = v.pipe(v.string(), v.isoTimestamp());

/**
 * What an app is told when a task is executable: the body of the SNS message. Not strict: a later release may add fields,
 * and an app must not stumble over them.
 */
export const notification = v.object({
  v: contractVersion,
  id: taskId,
  app,
  name: taskName,
  version,
  /** The fencing token: every report must carry it. */
  claim,
  /** Attempts spent before this one: 0 the first time. */
  attempt: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** The level it counted as when it was told: High once its deadline is reached. */
  priority,
  dueAt: instant,
  deadlineAt: v.optional(instant),
  /** Report before this, or the task is notified again. */
  leaseUntil: instant,
  /** false: there is nothing to report, the task was done when this was accepted. Absent: true. */
  acknowledge: v.optional(v.literal(false)),
  /** true: `start` must be accepted before anything is done. Absent: false. */
  exclusive: v.optional(v.literal(true)),
  payload: v.unknown(),
});
export type Notification = v.InferOutput<typeof notification>;
