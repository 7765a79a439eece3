import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Schemas } from '../../client/defineTasks.ts';
import { PunctualClient } from '../../client/PunctualClient.ts';
import type { TaskInput } from '../../client/prepareTask.ts';
import { SUBMIT_ACTIONS, submitRequest } from '../../contract/submit.ts';
import type { AppSettings } from '../../core/policy.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import { slotCount } from '../../core/slots.ts';
import { slotId } from '../../functions/dispatch/ledger.ts';
import { Run } from '../../functions/dispatch/run.ts';
import { Warm } from '../../functions/dispatch/warm.ts';
import { door } from '../../functions/doors/door.ts';
import { enqueueAll } from '../../functions/doors/enqueue.ts';
import { Ring } from '../../functions/ring.ts';
import { Seat } from '../../functions/seat.ts';
import { loadSettings } from '../../functions/settings.ts';
import { Store } from '../../functions/store.ts';
import { apart } from '../../test/simulation/apart.ts';
import { Doors } from '../../test/simulation/doors.ts';
import { isDrained } from '../../test/simulation/ending.ts';
import { FAULT_KINDS } from '../../test/simulation/faults.ts';
import { Failures } from '../../test/simulation/system.ts';
import { World } from '../../test/simulation/world.ts';
import { Meter } from './Meter.ts';
import type { Worker } from './workers.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** As `functions/dispatcher.ts`. */
const STAY_MS = 100 * SECOND;
/** What one `GetParametersByPath` answers with. */
const PARAMETERS_PER_CALL = 10;
/** The most that `enqueueBatch` takes. */
const BATCH = 100;

export const settingsOf = (changes: Partial<AppSettings> = {}): AppSettings => ({
  app: 'billing',
  topicArn: 'topic',
  policy: DEFAULT_POLICY,
  tasks: {},
  ...DEFAULT_LIMITS,
  ...changes,
});

/**
 * The shipped code on the simulation's AWS, where nothing goes wrong: every call takes the same 21 ms, an index is 20 ms
 * behind. Everything is metered, and the simulation's judge watches that every promise is kept meanwhile.
 */
export class CountedQueue {
  readonly meter = new Meter();
  readonly world: World;
  readonly client: PunctualClient;
  readonly settings: AppSettings;
  readonly doors: Doors;
  readonly #warm = new Warm();
  readonly #apps: readonly AppSettings[];
  /** Every run so far, and whether it found something to stay for. */
  readonly runs: { readonly name: string; stayed: boolean }[] = [];
  #up = 0;
  #tickedAt = 0;

  /** How long all runs took together. */
  busyMs = 0;

  /** `apps`: as many, of which all but the first have nothing to do. */
  constructor(changes: Partial<AppSettings> = {}, apps = 1) {
    this.settings = settingsOf(changes);
    this.#apps = [this.settings, ...Array.from({ length: apps - 1 }, (_, i) => ({ ...this.settings, app: `idle-${i + 1}` }))];
    this.world = new World(1, this.settings, { without: FAULT_KINDS });
    // Half way between what the simulation draws from, each time.
    this.world.faults.int = (min, max) => (min + max) >> 1;
    this.meter.watch(this.world.cloud);
    this.doors = new Doors(this.world);
    new Failures(this.world);
    this.#useSlots();
    this.client = new PunctualClient({ submitArn: 'arn:aws:lambda:eu-west-1:0:function:submit', lambda: this.#lambda() });
    this.world.invoke = () => void this.#run();
  }

  /** As after a first full burst: each slot has been written once, and the first says how many there are. */
  #useSlots(): void {
    const { app, maxInFlight } = this.settings;
    const count = slotCount(maxInFlight);
    for (let index = 0; index < count; index++) {
      const row = { id: { S: slotId(app, index) }, rev: { N: '1' }, entries: { S: '' }, by: { S: 'before' } };
      this.world.cloud.table.rows.set(slotId(app, index), index === 0 ? { ...row, slots: { N: String(count) } } : row);
    }
  }

  /** Carries out `story` on this queue's own time. @throws if a promise was broken meanwhile */
  async play(story: (queue: CountedQueue) => Promise<void>): Promise<void> {
    await apart(this.world, () => story(this));
    const [first] = this.world.history.violations;
    if (first !== undefined) throw new Error(`What was counted broke a promise: ${first}`);
  }

  /** Enqueues in full batches, one after the other. */
  async enqueue(tasks: readonly TaskInput<Schemas>[]): Promise<void> {
    for (let from = 0; from < tasks.length; from += BATCH) {
      const results = await this.ask(this.client.enqueueBatch(tasks.slice(from, from + BATCH)));
      const refused = results.find(({ ok }) => !ok);
      if (refused) throw new Error(`A task was refused: ${JSON.stringify(refused)}`);
    }
  }

  /** What the app does with each notification. */
  set worker(worker: Worker) {
    this.world.cloud.notifications.listener = (message) => void worker(message, this);
  }

  /** When the minute's tick comes next but `minutes`. Epoch ms. */
  tickIn(minutes: number): number {
    const { now } = this.world.timeline;
    return now - ((now - this.#tickedAt) % MINUTE) + minutes * MINUTE;
  }

  /** Lets time pass, with a tick a minute from the first on. */
  async pass(ms: number): Promise<void> {
    if (this.#tickedAt === 0) this.#tick();
    await this.world.timeline.pass(this.world.timeline.now + ms);
  }

  /** Lets time pass until every task has come to its end and no slot holds any. */
  async drain(): Promise<void> {
    for (let minutes = 0; minutes < 120; minutes++) {
      await this.pass(MINUTE);
      const slots = [...this.world.cloud.table.rows].filter(([id]) => id.includes('/slot/'));
      if (this.#up === 0 && isDrained(this.world) && slots.every(([, row]) => !row.entries?.S)) return;
    }
    throw new Error('The queue does not come to rest.');
  }

  /** Lets what was asked for come to its end. */
  async ask<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    const { timeline } = this.world;
    while (!isDone) await timeline.pass(timeline.now + 1);
    return done;
  }

  #tick(): void {
    this.#tickedAt = this.world.timeline.now;
    this.world.timeline.after(MINUTE, () => this.#tick());
    void this.#run();
  }

  /** As `functions/dispatcher.ts`. */
  async #run(): Promise<void> {
    const name = `dispatcher-${this.runs.length + 1}`;
    const process = this.world.process(name);
    const clients = { dynamo: process.client<DynamoDBClient>(), sns: process.client<SNSClient>() };
    const others = { events: process.client<EventBridgeClient>(), cloudwatch: process.client<CloudWatchClient>() };
    const ports = { ...clients, ...others, clock: process, table: 'table', bus: 'bus', queue: 'main', memoryUsed: () => 0 };
    const run = { name, stayed: false };
    this.runs.push(run);
    this.#up++;
    const started = process.now();
    const settings = await loadSettings(this.#ssm(name), 'main');
    const summary = await new Run(ports, settings, name, process.now() + STAY_MS, this.#warm).run();
    this.#up--;
    run.stayed = summary.stayed;
    this.busyMs += process.now() - started;
  }

  /** What the stacks wrote, ten parameters a call. */
  #ssm(by: string): SSMClient {
    const send = async ({ input: { NextToken } }: GetParametersByPathCommand) => {
      this.meter.calls.push({ by, call: 'GetParametersByPath', writes: 0, reads: 0 });
      const from = Number(NextToken ?? 0);
      const page = this.#apps.slice(from, from + PARAMETERS_PER_CALL);
      const Parameters = page.map((settings) => ({ Name: settings.app, Value: JSON.stringify(settings) }));
      return { Parameters, ...(from + page.length < this.#apps.length ? { NextToken: String(from + page.length) } : {}) };
    };
    return { send } as unknown as SSMClient;
  }

  /** The submit door as `functions/submit.ts` is made, behind a Lambda that hands on what it is invoked with. */
  #lambda(): LambdaClient {
    const process = this.world.process('submit');
    const dynamo = process.client<DynamoDBClient>();
    const store = new Store(dynamo, 'table');
    const ring = new Ring(new Seat(dynamo, 'table'), process.client<LambdaClient>(), 'dispatcher');
    const handler = door(submitRequest, SUBMIT_ACTIONS, async (request) => {
      if (request.action !== 'enqueueBatch') throw new Error(`Not asked for here: ${request.action}`);
      const now = process.now();
      const results = await enqueueAll(store, this.settings, request.tasks, now, (index) => `tasks[${index}]`);
      const waiting = results.flatMap((result) =>
        result.ok && result.state === 'scheduled' ? [{ id: result.id, dueAt: Date.parse(result.dueAt) }] : [],
      );
      await ring.ifNear(this.settings, waiting, now);
      return { results };
    });
    const send = async ({ input }: { input: { Payload: Uint8Array } }) => {
      this.meter.calls.push({ by: 'client', call: 'Invoke', writes: 0, reads: 0 });
      return { Payload: Buffer.from(JSON.stringify(await handler(JSON.parse(Buffer.from(input.Payload).toString('utf8'))))) };
    };
    return { send } as unknown as LambdaClient;
  }
}
