import { NOTIFICATION_BYTES } from '../contract/limits.ts';
import type { Notification } from '../contract/notification.ts';
import { wire } from '../contract/view.ts';
import { effectiveLevel } from '../core/order.ts';
import { hasTrait, type Level, type Task } from '../core/task.ts';

/** The level that an app is told of: that of the claim, or High if the deadline has been reached since. */
export const levelTold = ({ claimedLevel, level, deadlineAt }: Task, now: number): Level =>
  effectiveLevel({ level: claimedLevel ?? level, ...(deadlineAt === undefined ? {} : { deadlineAt }) }, now);

/** The body of the message that tells an app of its claimed task at `now`. */
export function bodyOf(task: Task, now: number): string {
  const { id, app, name, version, claim, attempt, deadlineAt } = task;
  const head: Omit<Notification, 'payload'> = {
    v: 1,
    id,
    app,
    name,
    version,
    claim,
    attempt,
    priority: levelTold(task, now),
    dueAt: wire(task.dueAt),
    ...(deadlineAt === undefined ? {} : { deadlineAt: wire(deadlineAt) }),
    leaseUntil: wire(task.leaseUntil ?? 0),
    ...(hasTrait(task, 'unacknowledged') ? { acknowledge: false } : {}),
    ...(hasTrait(task, 'exclusive') ? { exclusive: true } : {}),
  };
  // The payload is JSON text already, and means what it meant when it was stored.
  return `${JSON.stringify(head).slice(0, -1)},"payload":${task.payload.replaceAll(UNCARRIED, escaped)}}`;
}

/** What JSON may hold as it is, and SQS does not carry: it puts U+FFFD in its place ("SendMessage": #xE000 to #xFFFD). */
const UNCARRIED = /[\ufffe\uffff]/g;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`;

/** Bytes of a text as it travels: UTF-8. */
export const bytesOf = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Bytes of a body without its payload at the most, and of one UTF-16 unit of the payload, as it is escaped. */
const AT_MOST = { envelope: 1_024, unit: 6 } as const;
/** Digits that numbers of a notification may grow by in a task's life: claims, attempts, a later lease. */
const WORST = { claim: Number.MAX_SAFE_INTEGER, attempt: 100, leaseUntil: 0 } as const;

/** By how many bytes the task's notification could be too large; 0: it fits. Most are seen to fit before they are written out. */
export function bytesOver(task: Task): number {
  if (task.payload.length * AT_MOST.unit + AT_MOST.envelope <= NOTIFICATION_BYTES) return 0;
  return Math.max(0, bytesOf(bodyOf({ ...task, ...WORST }, 0)) - NOTIFICATION_BYTES);
}
