import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { PublishBatchCommandInput, PublishBatchCommandOutput, SNSClient } from '@aws-sdk/client-sns';
import type { Notification } from '../../../contract/notification.ts';
import type { TaskRequest } from '../../../contract/submit.ts';
import { type AppSettings, DEFAULT_LIMITS, DEFAULT_POLICY } from '../../../core/policy.ts';
import { Run } from '../../../functions/dispatch/run.ts';
import { Warm } from '../../../functions/dispatch/warm.ts';
import { enqueueAll } from '../../../functions/doors/enqueue.ts';
import { Ring } from '../../../functions/ring.ts';
import { Seat } from '../../../functions/seat.ts';
import { Store } from '../../../functions/store.ts';
import { Cloud } from '../../../test/simulation/aws/cloud.ts';
import { Timeline } from '../../../test/simulation/timeline.ts';
import { Machine, NoFaults } from './machine.ts';

/** Stamps of arrival only grow in a process, so each queue begins later than the one before it. */
const APART_MS = 3 * 3_600_000;
const FIRST_BEGINNING = Date.UTC(2026, 11, 24, 8);
let queues = 0;

/** As `functions/dispatcher.ts`. */
const STAY_MS = 100_000;
/** How long a run needs at most to learn that the one before has left, and to claim. */
const TAKE_OVER_MS = 300;
/** How soon the app reports a task that it was told of. */
const WORK_MS = 100;

/** What is known of a task. Epoch ms. */
export interface Told {
  readonly name: string;
  readonly dueAt: number;
  /** When its enqueue was answered. */
  readonly answeredAt?: number;
  /** When the answer of SNS was there that it has taken the notification; the first, if it was told twice. */
  readonly acceptedAt?: number;
}

/** How the dispatcher's function starts. Milliseconds from the call to its first line. */
export interface Starts {
  readonly coldMs: number;
  readonly warmMs: number;
}

const SETTINGS: AppSettings = { ...DEFAULT_LIMITS, app: 'billing', topicArn: 'topic', policy: DEFAULT_POLICY, tasks: {} };

/** A queue of one app on an AWS in memory and a clock of its own: the shipped dispatcher, submit door and ring; set latencies. */
export class VirtualQueue {
  readonly beginning = FIRST_BEGINNING + APART_MS * queues++;
  readonly timeline = new Timeline(this.beginning);
  readonly told = new Map<string, Told>();
  /** From the start of a run until the one before it had ended, and a moment more: until it could claim. */
  readonly handovers: { readonly from: number; readonly until: number }[] = [];
  readonly #starts: Starts;
  readonly #cloud: Cloud;
  readonly #door: { machine: Machine; store: Store; ring: Ring };
  readonly #worker: Store;
  readonly #idle: Warm[] = [];
  /** When each run began that goes on now. */
  readonly #running = new Set<number>();
  #runs = 0;

  constructor(starts: Starts) {
    this.#starts = starts;
    const none = () => {};
    const listener = { wrote: none, accepted: none, shown: none, invalid: fail, invoked: () => this.invoke() };
    this.#cloud = new Cloud(this.timeline, new NoFaults(), listener);
    this.#cloud.notifications.listener = (message) => this.#cloud.notifications.delete(message);
    const machine = new Machine('door', this.timeline, this.#cloud);
    const dynamo = machine.client<DynamoDBClient>();
    const ring = new Ring(new Seat(dynamo, 'table'), machine.client<LambdaClient>(), 'dispatcher');
    this.#door = { machine, store: new Store(dynamo, 'table'), ring };
    this.#worker = new Store(new Machine('worker', this.timeline, this.#cloud).client<DynamoDBClient>(), 'table');
  }

  /** Calls the dispatcher's function, as the rule or a ring does: in a container that is warm, if one is idle. */
  invoke(): void {
    const warm = this.#idle.pop();
    this.timeline.after(warm ? this.#starts.warmMs : this.#starts.coldMs, () => void this.#run(warm ?? new Warm()));
  }

  /** Containers that stand idle for long are taken down: the next call starts cold. */
  forgetContainers(): void {
    this.#idle.length = 0;
  }

  /** As `functions/submit.ts` does. */
  async enqueue(...requests: readonly TaskRequest[]): Promise<void> {
    const { machine, store, ring } = this.#door;
    const now = machine.now();
    const results = await enqueueAll(store, SETTINGS, requests, now, () => '');
    const stored = results.map((result, i) => {
      if (!result.ok) throw new Error(result.error.message);
      return { id: result.id, name: requests[i]?.name ?? '', dueAt: Date.parse(result.dueAt) };
    });
    await ring.ifNear(SETTINGS, stored, now);
    for (const { id, ...task } of stored) this.told.set(id, { ...this.told.get(id), ...task, answeredAt: this.timeline.now });
  }

  async #run(warm: Warm): Promise<void> {
    const startedAt = this.timeline.now;
    this.#running.add(startedAt);
    const name = `dispatcher-${++this.#runs}`;
    const machine = new Machine(name, this.timeline, this.#cloud, (...call) => this.#answered(...call));
    const clients = { dynamo: machine.client<DynamoDBClient>(), sns: machine.client<SNSClient>() };
    const others = { events: machine.client<EventBridgeClient>(), cloudwatch: machine.client<CloudWatchClient>() };
    const ports = { ...clients, ...others, clock: machine, table: 'table', bus: 'bus', queue: 'main', memoryUsed: () => 0 };
    await new Run(ports, [SETTINGS], name, machine.now() + STAY_MS, warm).run();
    this.#idle.push(warm);
    this.#running.delete(startedAt);
    const successors = [...this.#running].filter((at) => at > startedAt);
    if (successors.length > 0) this.handovers.push({ from: Math.min(...successors), until: this.timeline.now + TAKE_OVER_MS });
  }

  #answered(command: string, input: unknown, output: object): void {
    if (command !== 'PublishBatchCommand') return;
    const refused = new Set(((output as PublishBatchCommandOutput).Failed ?? []).map(({ Id }) => Id));
    for (const { Id, Message = '' } of (input as PublishBatchCommandInput).PublishBatchRequestEntries ?? [])
      if (!refused.has(Id)) this.#accepted(JSON.parse(Message));
  }

  #accepted({ id, name, claim, dueAt }: Notification): void {
    const { now } = this.timeline;
    this.told.set(id, { name, dueAt: Date.parse(dueAt), acceptedAt: now, ...this.told.get(id) });
    this.timeline.after(WORK_MS, () => void this.#worker.act(id, { type: 'complete', claim }, this.timeline.now, SETTINGS));
  }
}

function fail(message: string): never {
  throw new Error(`AWS was asked something invalid: ${message}`);
}
