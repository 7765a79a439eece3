import type { Notification } from '../../contract/notification.ts';
import type { Message } from '../../test/simulation/aws/queue.ts';
import type { CountedQueue } from './CountedQueue.ts';

/** What an app does with a notification. */
export type Worker = (message: Message, queue: CountedQueue) => Promise<void>;

const WORK_MS = 100;
const ERROR = { name: 'SmtpError', message: 'no route' } as const;

/** What a worker says of a task before it says that it is done: only the first time that it is told of it. */
export type Word = 'fail' | 'extend' | 'snooze';

/** Works for a tenth of a second on each, and reports it complete: after a word of another kind, if it is asked for one. */
export const completing =
  (word?: Word): Worker =>
  async (message, { doors, world }) => {
    const { id, claim, acknowledge } = JSON.parse(message.body) as Notification;
    await new Promise<void>((resolve) => world.timeline.after(WORK_MS, resolve));
    if (claim === 1 && word === 'extend') await doors.report(id, { type: 'extend', claim });
    if (claim === 1 && word === 'snooze') await doors.report(id, { type: 'snooze', claim, until: world.timeline.now + 120_000 });
    else if (claim === 1 && word === 'fail') await doors.fail(id, claim, ERROR);
    else if (acknowledge !== false) await doors.report(id, { type: 'complete', claim, worker: 'web-1/4711' });
    world.cloud.notifications.delete(message);
  };
