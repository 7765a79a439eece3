import type { NewTask } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import type { Task } from '../../core/task.ts';
import type { FailureRequest } from '../../functions/bus.ts';
import type { Ports } from '../../functions/dispatch/ports.ts';
import { Run } from '../../functions/dispatch/run.ts';
import { FailureBatch } from '../../functions/failures/batch.ts';
import { ErrorBook } from '../../functions/failures/error-book.ts';
import { taskIdOf } from '../../functions/identity.ts';
import { Ring } from '../../functions/ring.ts';
import { type Item, itemOf, rowOf } from '../../functions/rows.ts';
import { Seat } from '../../functions/seat.ts';
import { Store } from '../../functions/store.ts';
import { TestClock } from '../functions/testClock.ts';
import { MemoryTable } from './table.ts';

export const START = Date.UTC(2026, 11, 24, 8);
const MINUTE = 60_000;
/** How long a run stays at most. */
const STAY_MS = 15_000;
/** Timers of one run that are no endless loop. */
const TIMERS = 300;

export const SETTINGS: AppSettings = { app: 'billing', topicArn: 'topic', policy: DEFAULT_POLICY, tasks: {}, ...DEFAULT_LIMITS, shards: 1 };

/** A task of the app as its door would write it: due now, with a deadline. */
export function taskOf(key: string, parts: Partial<NewTask> = {}): Task {
  const task: NewTask = {
    id: taskIdOf('billing', key),
    app: 'billing',
    name: 'send-invoice',
    version: 1,
    payload: '{"invoice":42}',
    request: 'digest',
    level: 'medium',
    position: 'back',
    dueAt: START,
    arrival: START * 1_000,
    ...parts,
  };
  const decision = decide(undefined, { type: 'enqueue', task }, START, SETTINGS);
  if (decision.kind !== 'changed') throw new Error('a new task is always taken');
  return decision.task;
}

export const rowItem = (task: Task): Item => itemOf(rowOf(task, SETTINGS.shards));

const client = (answer: (command: { constructor: { name: string }; input: never }) => object) =>
  ({ send: async (command: never) => answer(command), destroy: () => {} }) as never;

/** A queue of one app in memory: its dispatcher and its failure function, on a clock that stands still. */
export function makeQueue(table = new MemoryTable()) {
  const clock = new TestClock(START);
  const told: string[] = [];
  const bus: FailureRequest[] = [];
  const dynamo = table.client;
  const events = client(({ input }: { input: { Entries: { Detail: string }[] } }) => {
    bus.push(...input.Entries.map(({ Detail }) => JSON.parse(Detail).data));
    return { Entries: input.Entries.map(() => ({})) };
  });
  const sns = client(({ input }: { input: { PublishBatchRequestEntries?: { Message: string }[] } }) => {
    told.push(...(input.PublishBatchRequestEntries ?? []).map(({ Message }) => Message));
    return {};
  });
  const cloudwatch = client(() => ({}));
  const store = new Store(dynamo, 'table');
  const ports: Ports = { dynamo, sns, events, cloudwatch, clock, table: 'table', bus: 'bus', queue: 'queue', memoryUsed: () => 0 };
  let runs = 0;

  return {
    table,
    clock,
    /** Bodies of all notifications, in order. */
    told,
    /** What waits for the failure function. */
    bus,
    /** One run of the dispatcher, a minute after the last. */
    async tick(): Promise<void> {
      const run = new Run(ports, [SETTINGS], `run${runs++}`, clock.now() + STAY_MS).run();
      await finish(run, clock);
      clock.set(clock.now() + MINUTE);
    },
    /** Lets the failure function take what waits for it. Answers how many of these must come again. */
    async settle(): Promise<number> {
      const deliveries = bus.splice(0).map((data, i) => ({
        messageId: String(i),
        body: JSON.stringify({ detail: { data } }),
        attributes: { ApproximateReceiveCount: '1' },
      }));
      const ring = new Ring(new Seat(dynamo, 'table'), cloudwatch, 'dispatcher');
      const batch = new FailureBatch({
        ...{ dynamo, store, sns, events, cloudwatch, clock, ring, bus: 'bus', alertsTopicArn: 'alerts' },
        settingsOf: async (app) => (app === 'billing' ? SETTINGS : undefined),
        random: () => 0.5,
        book: new ErrorBook(dynamo, store),
        mail: { queue: 'queue', operateName: 'operate', region: 'eu-west-1' },
      });
      return (await finish(batch.settle(deliveries), clock)).length;
    },
  };
}

/** Lets time pass until the work is done. */
async function finish<T>(work: Promise<T>, clock: TestClock): Promise<T> {
  const until = clock.now() + 10 * MINUTE;
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  const quiet = () => new Promise((resolve) => setImmediate(resolve));
  let fired = 0;
  for (await quiet(); !isDone; await quiet()) {
    if (!clock.fireNext(until)) throw new Error('it hangs');
    if (fired++ > TIMERS) throw new Error('it spins');
  }
  return done;
}
