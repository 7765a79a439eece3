import { randomBytes } from 'node:crypto';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DeleteTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { CreateEventBusCommand, EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { inject, onTestFinished, vi } from 'vitest';
import { createTable } from '../../bench/taskTable.ts';
import type { Notification } from '../../contract/notification.ts';
import type { NewTask } from '../../core/actions.ts';
import { decide } from '../../core/decide.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { ALONE } from '../../core/split.ts';
import type { Task } from '../../core/task.ts';
import type { FailureRequest } from '../../functions/bus.ts';
import { DYNAMO_OPTIONS } from '../../functions/client-options.ts';
import type { Ports } from '../../functions/dispatch/ports.ts';
import { Run } from '../../functions/dispatch/run.ts';
import type { Summary } from '../../functions/dispatch/summary.ts';
import { Warm } from '../../functions/dispatch/warm.ts';
import { type Item, itemOf, rowOf, taskOf } from '../../functions/rows.ts';
import { Seat } from '../../functions/seat.ts';
import { Store } from '../../functions/store.ts';
import { ValveStore } from '../../functions/valves.ts';
import { Faults } from './faults.ts';
import { ProcessClock, TestClock } from './testClock.ts';

/** When every story begins. */
export const START = Date.UTC(2026, 11, 24, 8);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** How long a run means to stay unless told otherwise. */
const STAY_MS = 100 * SECOND;

/** A name that no other test uses. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

// The functions log to the console, which is no part of what is tested.
vi.spyOn(console, 'log').mockImplementation(() => {});

const options = () => {
  const { endpoint, region } = inject('localAws');
  return { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
};

/** Clients of one process, and the faults of its network. */
function processOf(clock: TestClock, table: string, bus: string) {
  const faults = new Faults();
  const own = new ProcessClock(clock);
  const dynamo = faults.watch(new DynamoDBClient({ ...options(), protocol: DYNAMO_OPTIONS.protocol }));
  const sns = faults.watch(new SNSClient(options()));
  const events = faults.watch(new EventBridgeClient(options()));
  const cloudwatch = faults.watch(new CloudWatchClient(options()));
  const machine = { memoryUsed: 0 };
  const ports: Ports = { dynamo, sns, events, cloudwatch, clock: own, table, bus, queue: bus, memoryUsed: () => machine.memoryUsed };
  return {
    ...ports,
    ports,
    faults,
    /** The share of its memory that is in use. */
    machine,
    /** What it remembers from run to run. */
    warm: new Warm(),
    store: new Store(dynamo, table),
    seat: new Seat(dynamo, table),
    /** Timers of its own that are still set. */
    get timers() {
      return own.pending;
    },
    /** It stops as it stands: its timers are gone, and nothing that it asks leaves any more. */
    crash() {
      faults.die();
      own.die();
    },
    close() {
      for (const client of [dynamo, sns, events, cloudwatch]) client.destroy();
    },
  };
}
export type Process = ReturnType<typeof processOf>;

/** A table as the stack makes it, an app's topic with a queue that hears it, and a bus with a queue that hears it. */
export async function makeWorld(changes: Partial<AppSettings> = {}) {
  const clock = new TestClock(START);
  const sqs = new SQSClient(options());
  const table = await makeTable();
  const bus = unique('bus');
  const admin = processOf(clock, table, bus);
  const processes: Process[] = [admin];
  const { TopicArn = '' } = await admin.sns.send(new CreateTopicCommand({ Name: unique('topic') }));
  const heard = await createQueue(sqs);
  await admin.sns.send(
    new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: heard.arn, Attributes: { RawMessageDelivery: 'true' } }),
  );
  const failures = await createQueue(sqs);
  await admin.events.send(new CreateEventBusCommand({ Name: bus }));
  await admin.events.send(new PutRuleCommand({ Name: 'all', EventBusName: bus, EventPattern: JSON.stringify({ source: ['punctual'] }) }));
  await admin.events.send(new PutTargetsCommand({ Rule: 'all', EventBusName: bus, Targets: [{ Id: 'queue', Arn: failures.arn }] }));
  const settings: AppSettings = {
    app: 'billing',
    topicArn: TopicArn,
    policy: DEFAULT_POLICY,
    tasks: {},
    ...DEFAULT_LIMITS,
    ...changes,
  };
  let arrival = 0;

  const world = {
    clock,
    table,
    settings,
    store: admin.store,
    seat: admin.seat,
    admin,
    /** What operators set. */
    valves: new ValveStore(admin.dynamo, admin.store, admin.seat),
    process(): Process {
      const process = processOf(clock, table, bus);
      processes.push(process);
      return process;
    },
    /** A new task as the door would write it: due now unless told otherwise, arrived after the one before. */
    task(parts: Partial<NewTask> = {}): Task {
      const task: NewTask = {
        id: newId(settings.app),
        app: settings.app,
        name: 'send-invoice',
        version: 1,
        payload: '{"invoice":42}',
        request: 'digest',
        level: 'medium',
        position: 'back',
        dueAt: clock.now(),
        arrival: START * 1_000 + ++arrival,
        ...parts,
      };
      const decision = decide(undefined, { type: 'enqueue', task }, clock.now(), settings);
      if (decision.kind !== 'changed') throw new Error('a new task is always taken');
      return decision.task;
    },
    async enqueue(...parts: Partial<NewTask>[]): Promise<Task[]> {
      const tasks = parts.map((one) => world.task(one));
      await admin.store.insert(tasks, settings.shards);
      return tasks;
    },
    /** Writes a row as it is. */
    async put(task: Task, extra: Item = {}): Promise<void> {
      await admin.dynamo.send(new PutItemCommand({ TableName: table, Item: { ...itemOf(rowOf(task, settings.shards)), ...extra } }));
    },
    /** Writes attributes as they are. */
    async replace(item: Item): Promise<void> {
      await admin.dynamo.send(new PutItemCommand({ TableName: table, Item: item }));
    },
    async item(id: string): Promise<Item | undefined> {
      return (await admin.dynamo.send(new GetItemCommand({ TableName: table, Key: { id: { S: id } }, ConsistentRead: true }))).Item;
    },
    async read(id: string): Promise<Task> {
      const item = await world.item(id);
      if (!item) throw new Error(`no row ${id}`);
      return taskOf(item);
    },
    async rows(): Promise<Item[]> {
      return (await admin.dynamo.send(new ScanCommand({ TableName: table }))).Items ?? [];
    },
    complete: (task: Task, claim = 1) => admin.store.act(task.id, { type: 'complete', claim }, clock.now(), settings),
    /** What the app was told since the last asking, in order. */
    told: async (): Promise<Notification[]> => (await drain(sqs, heard.url)).map((body) => JSON.parse(body)),
    failures: async (): Promise<FailureRequest[]> => (await drain(sqs, failures.url)).map((body) => JSON.parse(body).detail.data),
    /** A run of a process, under the settings of the world. */
    run(process: Process, { stayMs = STAY_MS, nonce = randomBytes(6).toString('hex'), apps = [settings], place = ALONE } = {}) {
      return new Run(process.ports, apps, nonce, clock.now() + stayMs, process.warm, place).run();
    },
    /** Lets all that is under way come to its end, without any time passing. */
    async settle(): Promise<void> {
      for (let quiet = 0; quiet < 3; ) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = processes.every(({ faults }) => faults.inFlight === 0) ? quiet + 1 : 0;
      }
    },
    /** Lets `ms` pass: every timer fires at its instant, and what it starts comes to its end before the next. */
    async pass(ms: number): Promise<void> {
      const until = clock.now() + ms;
      await world.settle();
      while (clock.fireNext(until)) await world.settle();
      clock.set(until);
    },
    /** Lets time pass until the work is done, and answers what came of it. */
    async finish<T>(work: Promise<T>, withinMs = 200 * SECOND): Promise<T> {
      const until = clock.now() + withinMs;
      let isDone = false;
      const done = work.finally(() => {
        isDone = true;
      });
      done.catch(() => {});
      await world.settle();
      while (!isDone && clock.fireNext(until)) await world.settle();
      if (!isDone) throw new Error(`not done within ${withinMs} ms of the clock`);
      return done;
    },
    /** A first run that finds nothing, so that the seat is taken and left and its sweep is an hour away. */
    async quietSeat(): Promise<Summary> {
      return world.finish(world.run(admin));
    },
  };

  onTestFinished(async () => {
    for (const process of processes) process.crash();
    const dynamo = new DynamoDBClient(options());
    await dynamo.send(new DeleteTableCommand({ TableName: table }));
    dynamo.destroy();
    sqs.destroy();
    for (const process of processes) process.close();
  });
  return world;
}
export type World = Awaited<ReturnType<typeof makeWorld>>;

export const newId = (app: string): string => `${app}/${randomBytes(16).toString('base64url')}`;

/** A table as it is shipped. */
async function makeTable(): Promise<string> {
  const name = unique('table');
  const dynamo = new DynamoDBClient(options());
  await createTable(dynamo, name);
  dynamo.destroy();
  return name;
}

async function createQueue(sqs: SQSClient): Promise<{ url: string; arn: string }> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: unique('queue') }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const arn = Attributes?.QueueArn ?? '';
  const Principal = { Service: ['sns.amazonaws.com', 'events.amazonaws.com'] };
  const Statement = [{ Effect: 'Allow', Principal, Action: 'sqs:SendMessage', Resource: arn }];
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) } }));
  return { url: QueueUrl, arn };
}

/** All messages of a queue, in order; received messages stay hidden for as long as a test lasts. */
async function drain(sqs: SQSClient, QueueUrl: string): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3_600 }));
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = '' }) => Body));
  }
}
