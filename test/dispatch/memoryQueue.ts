import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import type { NewTask } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import type { AppSettings } from '../../core/policy.ts';
import { ALONE, type Place } from '../../core/split.ts';
import type { Task } from '../../core/task.ts';
import type { Ports } from '../../functions/dispatch/ports.ts';
import { Run } from '../../functions/dispatch/run.ts';
import { taskIdOf } from '../../functions/identity.ts';
import { itemOf, rowOf } from '../../functions/rows.ts';
import { Seat } from '../../functions/seat.ts';
import { MemoryTable } from '../badInput/table.ts';
import { START, settingsOf } from '../core/given.ts';
import { TestClock } from '../functions/testClock.ts';

vi.spyOn(console, 'log').mockImplementation(() => {});

/** Milliseconds of the clock that every call takes. */
export const LATENCY_MS = 10;
const STAY_MS = 100_000;

type Command = { readonly constructor: { readonly name: string }; readonly input: never };
/** What a service answers; undefined: what it answers else. */
export type Answer = (command: Command) => object | undefined;

/** A task of an app as its door would make it: due at the beginning. */
export function taskOf(settings: AppSettings, key: string, parts: Partial<NewTask> = {}): Task {
  const { app } = settings;
  const task: NewTask = {
    ...{ id: taskIdOf(app, key), app, name: 'send-invoice', version: 1, payload: '{}', request: 'digest' },
    ...{ level: 'medium', position: 'back', dueAt: START, arrival: START * 1_000 },
    ...parts,
  };
  const decision = decide(undefined, { type: 'enqueue', task }, START, settings);
  if (decision.kind !== 'changed') throw new Error('a new task is always taken');
  return decision.task;
}

/** So many tasks of an app that are due at an instant, in their order. */
export const many = (count: number, dueAt: number, settings: AppSettings): Task[] =>
  Array.from({ length: count }, (_, i) => taskOf(settings, `${dueAt}-${i}`, { dueAt, arrival: START * 1_000 + i }));

/** All dispatchers of a queue. */
export const parts = (of: number): Place[] => Array.from({ length: of }, (_, part) => ({ part, of }));

/** A queue in memory, on a clock that only tests move: any number of dispatchers, and calls that each take 10 ms of it. */
export function memoryQueue(apps: readonly AppSettings[] = [settingsOf()], answer: Answer = () => undefined) {
  const clock = new TestClock(START);
  const table = new MemoryTable();
  /** Of all dispatchers, in order: what was told, and when. */
  const told: { id: string; at: number; by: number }[] = [];
  /** What was put on the bus. */
  const events: { Source: string; Detail: string }[] = [];
  const calls: { name: string; at: number; by: number }[] = [];
  let runs = 0;

  const clientsOf = (part: number) => {
    const client = (carryOut: (command: Command) => object | Promise<object>) => ({
      send: async (command: Command) => {
        calls.push({ name: command.constructor.name.replace('Command', ''), at: clock.now(), by: part });
        await new Promise<void>((resolve) => clock.after(LATENCY_MS, resolve));
        return answer(command) ?? carryOut(command);
      },
      destroy: () => {},
    });
    const tell = ({ input }: { input: { PublishBatchRequestEntries: { Message: string }[] } }) => {
      for (const { Message } of input.PublishBatchRequestEntries) told.push({ id: JSON.parse(Message).id, at: clock.now(), by: part });
      return {};
    };
    const put = ({ input }: { input: { Entries: { Source: string; Detail: string }[] } }) => {
      events.push(...input.Entries);
      return { Entries: input.Entries.map(() => ({})) };
    };
    return {
      dynamo: client((command) => table.client.send(command as never)) as unknown as DynamoDBClient,
      sns: client(tell as never),
      events: client(put as never),
      cloudwatch: client(() => ({})),
    } as unknown as Pick<Ports, 'dynamo' | 'sns' | 'events' | 'cloudwatch'>;
  };

  const queue = {
    clock,
    table,
    told,
    events,
    calls,
    seat: new Seat(table.client, 'table'),
    put: (settings: AppSettings, ...tasks: Task[]) => {
      for (const task of tasks) table.put(itemOf(rowOf(task, settings.shards)));
    },
    run(
      place: Place = ALONE,
      { stayMs = STAY_MS, settings = apps, ...parts }: Partial<Ports> & { stayMs?: number; settings?: readonly AppSettings[] } = {},
    ) {
      const ports: Ports = { ...clientsOf(place.part), clock, table: 'table', bus: 'bus', queue: 'queue', memoryUsed: () => 0, ...parts };
      return new Run(ports, settings, `run${runs++}`, clock.now() + stayMs, undefined, place).run();
    },
    /** Lets time pass: every timer fires at its instant, and what it starts goes as far as it can before the next. */
    async pass(ms: number): Promise<void> {
      const until = clock.now() + ms;
      for (await quiet(); clock.fireNext(until); await quiet());
      clock.set(until);
    },
    /** Lets time pass until the work is done. */
    async finish<T>(work: Promise<T>): Promise<T> {
      let isDone = false;
      const done = work.finally(() => {
        isDone = true;
      });
      done.catch(() => {});
      for (await quiet(); !isDone; await quiet()) if (!clock.fireNext(clock.now() + 300_000)) throw new Error('it hangs');
      return done;
    },
  };
  return queue;
}

export type MemoryQueue = ReturnType<typeof memoryQueue>;

const quiet = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
};
