import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { Duration } from 'aws-cdk-lib';
import type { LocalAws } from '../../localstack/localAws.ts';
import { Deployment } from '../e2e/deployment.ts';
import { until } from '../e2e/until.ts';
import { Chance } from '../simulation/chance.ts';
import { Crew } from './crew.ts';
import { dossiersOf, type Records } from './dossier.ts';
import { linesOf } from './journal.ts';
import { type Faults, Nemesis } from './nemesis.ts';
import { CALM, Network } from './network.ts';
import type { EnqueuerLine, TaskRow, WorkerLine } from './records.ts';
import { isUnsettled, type Tally, tally } from './tally.ts';

/** How long, how hard, and where. */
export interface SoakPlan {
  readonly seed: number;
  /** How long the nemesis is at work. */
  readonly ms: number;
  readonly leaseMs: number;
  readonly aheadMs: number;
  readonly workers: number;
  readonly enqueuers: number;
  readonly faults: Faults;
  readonly everyMs: { readonly min: number; readonly max: number };
  /** Once the faults have stopped: for how long nothing may come to an end while something is left. */
  readonly stillMs: number;
  readonly aws: Omit<LocalAws, 'stop'> & { readonly pid?: number };
  /** Hears once in a while how it stands. */
  readonly log: (line: string) => void;
}

/** What a soak comes to. */
export interface Soaked extends Tally {
  readonly seed: number;
  readonly faults: Readonly<Record<string, number>>;
  /** From the end of the faults until nothing waited and nothing was out; undefined: it never came to that. */
  readonly drainedMs: number | undefined;
}

const TOLD_EVERY_MS = 5_000;
const LOOK_EVERY_MS = 3_000;
const BEGUN_WITHIN_MS = 120_000;
/** What is in the queue's table beside tasks. */
const NO_TASK = /^~|^soak\/slot\/\d+$/;

/** One soak: real processes against the deployed queue, faults, a drain, and what the records come to. */
export class Soak {
  readonly #plan: SoakPlan;
  readonly #folder = mkdtempSync(join(tmpdir(), 'punctual-soak-'));
  readonly #startedAt = performance.now();
  #deployment: Deployment | undefined;
  #network: Network | undefined;
  #crew: Crew | undefined;
  #nemesis: Nemesis | undefined;
  #progress: NodeJS.Timeout | undefined;

  constructor(plan: SoakPlan) {
    this.#plan = plan;
  }

  async run(): Promise<Soaked> {
    const { seed, ms, everyMs } = this.#plan;
    const { crew, network, nemesis } = await this.#begin();
    this.#progress = setInterval(() => this.#tell(nemesis, network), TOLD_EVERY_MS);
    try {
      await until('the first task to be done', () => this.#journals().workers.some((line) => 'ended' in line), BEGUN_WITHIN_MS);
      await nemesis.run(ms, everyMs);
      network.weather = CALM;
      this.#say('the faults stop');
      const calmAt = performance.now();
      await crew.finishEnqueuing();
      const isDrained = await this.#drain();
      const drainedMs = isDrained ? Math.round(performance.now() - calmAt) : undefined;
      await crew.finish();
      return { seed, ...tally(await this.#records()), faults: { ...nemesis.faults, ...network.faults }, drainedMs };
    } finally {
      clearInterval(this.#progress);
    }
  }

  /** Ends every process that it started, whatever state it is in, and removes what it deployed. May be called at any time. */
  async end(): Promise<void> {
    clearInterval(this.#progress);
    await this.#nemesis?.stop();
    await this.#crew?.kill();
    this.#network?.close();
    rmSync(this.#folder, { recursive: true, force: true });
    await this.#deployment?.remove();
  }

  async #begin(): Promise<{ crew: Crew; network: Network; nemesis: Nemesis }> {
    const { seed, leaseMs, aheadMs, workers, enqueuers, faults, aws } = this.#plan;
    this.#deployment = await Deployment.of({ apps: { soak: policy(leaseMs) } }, aws);
    this.#network = await new Network(aws.endpoint, new Chance(seed, 'network')).open();
    const [deployment, network] = [this.#deployment, this.#network];
    const [sqs, QueueUrl] = [new SQSClient(await deployment.as()), deployment.output('SoakQueueUrl')];
    network.onTwice = (MessageBody) => void sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })).catch(() => {});
    this.#crew = new Crew({ deployment, network, folder: this.#folder, seed, spread: { leaseMs, aheadMs } });
    for (let i = 0; i < workers; i++) await this.#crew.addWorker();
    for (let i = 0; i < enqueuers; i++) await this.#crew.addEnqueuer(String.fromCharCode(97 + i));
    const stack = deployment.output('DispatcherName').split('-')[0] ?? '';
    const lambdas = { stack, endpoint: aws.endpoint, emulator: aws.pid };
    const victims = { crew: this.#crew, network, lambdas, leaseMs };
    this.#nemesis = new Nemesis(victims, faults, new Chance(seed, 'nemesis'), (kind) => this.#say(kind));
    return { crew: this.#crew, network, nemesis: this.#nemesis };
  }

  /** Waits until nothing waits and nothing is out. False: it has come to a halt before. */
  async #drain(): Promise<boolean> {
    let least = Number.POSITIVE_INFINITY;
    for (let since = performance.now(); performance.now() < since + this.#plan.stillMs; await sleep(LOOK_EVERY_MS)) {
      const left = dossiersOf(await this.#records()).filter(isUnsettled);
      if (left.length === 0) return true;
      if (left.length < least) since = performance.now();
      least = Math.min(least, left.length);
      this.#say(`${left.length} tasks left, such as ${left[0]?.key} (${left[0]?.rows[0]?.state})`);
    }
    return false;
  }

  async #records(): Promise<Records> {
    return { ...this.#journals(), accepted: this.#network?.accepted ?? [], rows: await this.#rows() };
  }

  #journals(): Pick<Records, 'enqueuers' | 'workers'> {
    const of = (kind: string) =>
      readdirSync(this.#folder)
        .filter((name) => name.startsWith(kind))
        .map((name) => join(this.#folder, name));
    return { enqueuers: of('enqueuer').flatMap(linesOf<EnqueuerLine>), workers: of('worker').flatMap(linesOf<WorkerLine>) };
  }

  /** The table as it is, past all code of the queue. */
  async #rows(): Promise<TaskRow[]> {
    if (!this.#deployment) return [];
    const client = new DynamoDBClient(await this.#deployment.as());
    const rows: TaskRow[] = [];
    for await (const { Items = [] } of paginateScan(
      { client },
      { TableName: this.#deployment.output('TableName'), ConsistentRead: true },
    )) {
      rows.push(...Items.map((item) => unmarshall(item) as unknown as TaskRow).filter(({ id }) => !NO_TASK.test(id)));
    }
    client.destroy();
    return rows;
  }

  #tell(nemesis: Nemesis, network: Network): void {
    const { enqueuers, workers } = this.#journals();
    const answered = enqueuers.reduce((sum, line) => sum + ('answered' in line ? line.answered.filter((one) => 'id' in one).length : 0), 0);
    const faults = Object.values({ ...nemesis.faults, ...network.faults }).reduce((sum, count) => sum + count, 0);
    this.#say(`${answered} acknowledged, ${workers.filter((line) => 'ended' in line).length} runs ended, ${faults} faults`);
  }

  #say(line: string): void {
    this.#plan.log(`${((performance.now() - this.#startedAt) / 1_000).toFixed(0).padStart(4)} s  ${line}`);
  }
}

const policy = (leaseMs: number) => ({
  lease: Duration.millis(leaseMs),
  backoffBase: Duration.millis(500),
  backoffCap: Duration.seconds(3),
  demoteAfter: 1,
  maxInFlight: 30,
});
