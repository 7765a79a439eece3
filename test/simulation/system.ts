import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SNSClient } from '@aws-sdk/client-sns';
import { Run } from '../../functions/dispatch/run.ts';
import { Warm } from '../../functions/dispatch/warm.ts';
import { FailureBatch, type FailurePorts } from '../../functions/failures/batch.ts';
import { ErrorBook } from '../../functions/failures/error-book.ts';
import { Ring } from '../../functions/ring.ts';
import { Seat } from '../../functions/seat.ts';
import { Store } from '../../functions/store.ts';
import type { Message } from './aws/queue.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

const SECOND = 1_000;
const TICK_MS = 60 * SECOND;
/** As `functions/dispatcher.ts` and `infra/dispatcher.ts`. */
const DISPATCHER = { stayMs: 100 * SECOND, timeoutMs: 120 * SECOND } as const;
/** As `infra/failure-path.ts`. */
const FAILURE = { timeoutMs: 30 * SECOND, batch: 10, concurrency: 5, gatherMs: 50 } as const;

/** The minutely rule, and every run of a dispatcher that it or a ring starts. */
export class Dispatchers {
  running = 0;
  readonly #world: World;
  #runs = 0;
  #warm = new Warm();

  constructor(world: World) {
    this.#world = world;
    this.#tick();
  }

  invoke(part: number, goesOn = false): void {
    const { faults, timeline } = this.#world;
    timeline.after(faults.int(5, 400), () => void this.#run(part, goesOn));
  }

  #tick(): void {
    this.#world.timeline.after(TICK_MS, () => this.#tick());
    // A target of the rule for each of them.
    for (let part = 0; part < this.#world.deployed.dispatchers; part++) this.#tickOne(part);
  }

  #tickOne(part: number): void {
    const { faults, timeline } = this.#world;
    if (faults.hits('missing tick')) return;
    const times = faults.hits('tick twice') ? 2 : 1;
    for (let i = 0; i < times; i++) timeline.after(faults.hits('late tick') ? faults.int(SECOND, 55 * SECOND) : 0, () => this.invoke(part));
  }

  async #run(part: number, goesOn: boolean): Promise<void> {
    const { settings, history, chance } = this.#world;
    const place = { part, of: this.#world.deployed.dispatchers };
    const process = this.#world.process(`dispatcher-${++this.#runs}${part === 0 ? '' : `/${part}`}`);
    const clients = { dynamo: process.client<DynamoDBClient>(), sns: process.client<SNSClient>() };
    const others = { events: process.client<EventBridgeClient>(), cloudwatch: process.client<CloudWatchClient>() };
    const ports = { ...clients, ...others, clock: process, table: 'table', bus: 'bus', queue: 'main', memoryUsed: () => 0, goesOn };
    const nonce = chance.int(0, 2 ** 31).toString(16);
    if (chance.hits(0.3)) this.#warm = new Warm();
    history.tell(`${process.name} starts`);
    this.running++;
    try {
      const endAt = process.now() + DISPATCHER.stayMs;
      // As `functions/dispatcher.ts`.
      if (part >= place.of) await process.outcome(() => new Seat(ports.dynamo, 'table', part).retire(place.of), DISPATCHER.timeoutMs);
      const run = () => new Run(ports, [settings], nonce, endAt, this.#warm, place).run();
      const summary = part < place.of && (await process.outcome(run, DISPATCHER.timeoutMs));
      history.tell(`${process.name} ${summary ? 'ends' : 'is dead'}`);
      history.must(!summary || process.timers === 0, 'a run leaves no timer', process.name);
    } catch (error) {
      history.tell(`${process.name} fails: ${(error as Error).name}`);
      process.die();
    }
    this.#world.judge.promptness.ended(process);
    this.running--;
  }
}

/** The failure function behind its queue. */
export class Failures {
  readonly #world: World;
  #waiting: Message[] = [];
  #running = 0;

  constructor(world: World) {
    this.#world = world;
    world.cloud.failures.listener = (message) => {
      this.#waiting.push(message);
      world.timeline.after(FAILURE.gatherMs, () => this.#next());
    };
  }

  #next(): void {
    if (this.#running >= FAILURE.concurrency || this.#waiting.length === 0) return;
    const batch = this.#waiting.splice(0, FAILURE.batch);
    this.#running++;
    void this.#settle(batch).finally(() => {
      this.#running--;
      this.#next();
    });
  }

  async #settle(batch: readonly Message[]): Promise<void> {
    const { cloud } = this.#world;
    const process = this.#world.process('failure');
    for (const { body } of batch) {
      const { id, claim } = JSON.parse(body).detail.data;
      process.hears(id, claim);
    }
    const deliveries = batch.map(({ messageId, body, receives }) => ({
      messageId,
      body,
      attributes: { ApproximateReceiveCount: String(receives) },
    }));
    const handedBack = await process.outcome(
      () => new FailureBatch(failurePortsOf(this.#world, process)).settle(deliveries),
      FAILURE.timeoutMs,
    );
    if (!handedBack) return;
    for (const message of batch) if (!handedBack.includes(message.messageId)) cloud.failures.delete(message);
  }
}

/** What the failure function has at hand. */
export function failurePortsOf({ settings, chance }: World, process: Process): FailurePorts {
  const dynamo = process.client<DynamoDBClient>();
  const store = new Store(dynamo, 'table');
  const random = () => chance.next();
  return {
    ...{ dynamo, store, random, clock: process, bus: 'bus', alertsTopicArn: 'alerts' },
    settingsOf: async (app: string) => (app === settings.app ? settings : undefined),
    book: new ErrorBook(dynamo, store, { clock: process, random }),
    ring: new Ring(new Seat(dynamo, 'table'), process.client<LambdaClient>(), 'dispatcher'),
    sns: process.client<SNSClient>(),
    events: process.client<EventBridgeClient>(),
    cloudwatch: process.client<CloudWatchClient>(),
    mail: { queue: 'main', operateName: 'main-operate', region: 'us-east-1' },
  };
}
