import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccountRootPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { PunctualClient } from '../../client/index.ts';
import { BEAT_MS } from '../../functions/dispatch/ports.ts';
import { SEAT_ID } from '../../functions/seat.ts';
import { TaskQueue } from '../../infra/index.ts';
import { deployLocally } from '../../localstack/deployLocally.ts';
import { startLocalAws } from '../../localstack/startLocalAws.ts';
import { type Bench, figure } from '../figure.ts';
import { percentile } from './percentile.ts';

const NAME = 'send-invoice';
/** Newcomers with a run alive, and with none. */
const COUNT = { alive: 40, none: 15 } as const;
/** Between two newcomers; no divisor of a beat. Milliseconds. */
const STEP_MS = 1_373;
/** What keeps a run there meanwhile falls due after this: near enough to be rung for, and later than the last newcomer. */
const KEEPER_DELAY = '72s';
const HEARD_WITHIN_MS = 70_000;
const POLL_MS = 50;

export const bench: Bench = {
  name: 'newcomers',
  about:
    'newcomers that are due at once, through the whole stack on a local AWS: enqueue answered → the topic’s queue has it (2 to 5 minutes)',
  isQuick: false,
  async run(progress) {
    const aws = await startLocalAws({ log: progress });
    try {
      const stage = await Stage.on(aws, progress);
      const alive = await stage.withARunAlive();
      const none = await stage.withNone();
      stage.close();
      return { figures: figuresOf(alive, none), notes: [`On ${aws.backend}: an emulator's times, which are not those of AWS.`, ...NOTES] };
    } finally {
      await aws.stop();
    }
  },
};

const figuresOf = (alive: readonly number[], none: readonly number[]) => [
  figure(11, 'newcomers, local AWS, a run alive: p50', percentile(alive, 0.5), 'ms', { atMost: BEAT_MS }),
  figure(11, 'newcomers, local AWS, a run alive: p99', percentile(alive, 0.99), 'ms', { atMost: BEAT_MS }),
  figure(11, 'newcomers, local AWS, none alive (the ring): p50', percentile(none, 0.5), 'ms'),
  figure(11, 'newcomers, local AWS, none alive (the ring): p99', percentile(none, 0.99), 'ms'),
];

const NOTES = [
  `${COUNT.alive} newcomers with a run alive, ${COUNT.none} with none; the end is the SentTimestamp of the topic's queue, a moment after SNS has taken it.`,
  'The functions are warm. 0 ms: it was told before its enqueue was answered, for the door calls the dispatcher before it answers.',
];

type LocalAws = Awaited<ReturnType<typeof startLocalAws>>;

/** A queue deployed by the shipped constructs, an app that enqueues, and what its topic's queue has heard. */
class Stage {
  readonly #client: PunctualClient;
  readonly #dynamo: DynamoDBClient;
  readonly #sqs: SQSClient;
  readonly #outputs: Readonly<Record<string, string>>;
  readonly #progress: (line: string) => void;
  readonly #sentAt = new Map<string, number>();

  private constructor(aws: LocalAws, outputs: Readonly<Record<string, string>>, progress: (line: string) => void) {
    const credentials = { accessKeyId: aws.env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: aws.env.AWS_SECRET_ACCESS_KEY ?? '' };
    const options = { endpoint: aws.endpoint, region: aws.region, credentials };
    this.#client = new PunctualClient({ lambda: new LambdaClient(options), submitArn: outputs.BillingSubmitArn ?? '' });
    this.#dynamo = new DynamoDBClient(options);
    this.#sqs = new SQSClient(options);
    this.#outputs = outputs;
    this.#progress = progress;
  }

  static async on(aws: LocalAws, progress: (line: string) => void): Promise<Stage> {
    const outdir = mkdtempSync(join(tmpdir(), 'punctual-bench-'));
    try {
      const cdk = new App({ outdir });
      const stack = new Stack(cdk, 'Newcomers');
      const queue = new TaskQueue(stack, 'Tasks', { removalPolicy: RemovalPolicy.DESTROY, deletionProtection: false });
      // Nobody reports: no lease may end while this goes on.
      const billing = queue.addApp('billing', { lease: Duration.hours(1) });
      const { queueUrl } = billing.addWorker(new Role(stack, 'Worker', { assumedBy: new AccountRootPrincipal() }));
      new CfnOutput(stack, 'QueueUrl', { value: queueUrl });
      cdk.synth();
      const outputs = await deployLocally({ aws, templateDir: outdir });
      return new Stage(aws, Object.assign({}, ...Object.values(outputs)), progress);
    } finally {
      rmSync(outdir, { recursive: true, force: true });
    }
  }

  /** How late each was, ms. */
  async withARunAlive(): Promise<number[]> {
    this.#progress(`${COUNT.alive} newcomers with a run alive …`);
    await this.#client.enqueue({ name: NAME, delay: KEEPER_DELAY });
    await this.#until('a run', async () => (await this.#aliveUntil()) > Date.now());
    const answeredAt = new Map<string, number>();
    for (let i = 0; i < COUNT.alive; i++) {
      const next = performance.now() + STEP_MS;
      await this.#enqueue(answeredAt);
      await pause(Math.max(0, next - performance.now()));
    }
    return this.#lateness(answeredAt);
  }

  /** The same, each once the run before has left. */
  async withNone(): Promise<number[]> {
    const late: number[] = [];
    for (let i = 0; i < COUNT.none; i++) {
      this.#progress(`newcomer ${i + 1} of ${COUNT.none} with no run alive …`);
      await this.#until('the run to leave', async () => (await this.#aliveUntil()) < Date.now());
      const answeredAt = new Map<string, number>();
      await this.#enqueue(answeredAt);
      late.push(...(await this.#lateness(answeredAt)));
    }
    return late;
  }

  close(): void {
    this.#dynamo.destroy();
    this.#sqs.destroy();
  }

  async #enqueue(answeredAt: Map<string, number>): Promise<void> {
    const { id } = await this.#client.enqueue({ name: NAME });
    answeredAt.set(id, Date.now());
  }

  async #lateness(answeredAt: ReadonlyMap<string, number>): Promise<number[]> {
    await this.#until('word of every newcomer', async () => {
      await this.#hear();
      return [...answeredAt.keys()].every((id) => this.#sentAt.has(id));
    });
    return [...answeredAt].map(([id, at]) => Math.max(0, (this.#sentAt.get(id) ?? Number.NaN) - at));
  }

  async #hear(): Promise<void> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#outputs.QueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 3_600,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    for (const { Body = '{}', Attributes } of Messages) this.#sentAt.set(JSON.parse(Body).id, Number(Attributes?.SentTimestamp));
  }

  /** Until when the run that is there stays at most; 0: it has left. Epoch ms. */
  async #aliveUntil(): Promise<number> {
    const { Item } = await this.#dynamo.send(
      new GetItemCommand({ TableName: this.#outputs.TableName, Key: { id: { S: SEAT_ID } }, ConsistentRead: true }),
    );
    return Number(Item?.aliveUntil?.N ?? 0);
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + HEARD_WITHIN_MS;
    while (!(await isSo())) {
      if (performance.now() > end) throw new Error(`waited ${HEARD_WITHIN_MS} ms in vain for ${what}`);
      await pause(POLL_MS);
    }
  }
}
