import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Duration } from 'aws-cdk-lib';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { defineTasks, type PunctualClient, Worker } from '../../client/index.ts';
import { entriesOf } from '../../core/slots.ts';
import { LEASE_SKEW_MS } from '../../core/task.ts';
import { DeadlyGate, type Death } from './deadlyGate.ts';
import { Deployment } from './deployment.ts';
import { sendSnsThrough } from './gate.ts';
import { until } from './until.ts';
import { type Heard, WorkerProcess } from './workerProcess.ts';

/** Two ticks, and what it takes to start and to wait for a run that is no more. */
const TWO_TICKS_MS = 130_000;
const { backend } = inject('localAws');
/** Lambda processes can be found and killed where the local AWS runs them on this machine, and the machine shows them. */
const seesLambdaProcesses = backend === 'ministack' && process.platform === 'linux';

const ended = (client: PunctualClient, id: string) =>
  until(`the end of ${id}`, async () => {
    const task = await client.get(id);
    return task.state !== 'scheduled' && task.state !== 'leased' && task;
  });

describe.concurrent('a worker killed in the midst of a task', () => {
  let deployment: Deployment;
  let billing: PunctualClient;
  let first: WorkerProcess;
  let second: Second;
  let id: string;
  let told: Heard | undefined;

  beforeAll(async () => {
    // Longer than a poll of SQS: one that the dead worker has left open may still be given a message, and hide it from all others.
    deployment = await Deployment.of({ apps: { billing: { lease: Duration.seconds(30) } } });
    billing = await deployment.client('billing');
    first = await WorkerProcess.start(deployment, 'billing', ['send-invoice']);
    // The worker is at its queue before the task that it is killed in.
    await ended(billing, (await billing.enqueue({ name: 'send-invoice' })).id);
    ({ id } = await billing.enqueue({ name: 'send-invoice', payload: { do: 'hang' } }));
    [told] = await first.heardOf(id);
    await first.kill();
    second = await Second.start(deployment);
  });

  afterAll(async () => {
    await Promise.all([first?.kill(), second?.close()]);
    await deployment?.remove();
  });

  it.sequential('loses it once its lease and the skew of clocks have passed: another worker is told, under the next claim', async () => {
    expect(told).toMatchObject({ claim: 1, attempt: 0 });
    const again = await until('the second worker to be told', () => second.heard.find((heard) => heard.id === id), TWO_TICKS_MS);
    expect(again).toMatchObject({ claim: 2, attempt: 0 });
    expect(again.heardAt).toBeGreaterThanOrEqual((told?.leaseUntil ?? Number.POSITIVE_INFINITY) + LEASE_SKEW_MS);
  });

  it.sequential('is refused with LeaseLost when its report comes late, and takes nothing from the worker that has the task now', async () => {
    const before = await deployment.item(id);
    expect(before).toMatchObject({ state: 'leased', claim: 2 });
    expect(await report(deployment, id, 1)).toMatchObject({ ok: false, error: { code: 'LeaseLost', retryable: false } });
    expect(await deployment.item(id)).toEqual(before);
  });

  it.sequential('has cost the task no attempt: the history shows a lease that expired, then the completion', async () => {
    second.finish();
    const task = await ended(billing, id);
    expect(task).toMatchObject({
      state: 'completed',
      claim: 2,
      attempt: 0,
      attempts: [
        { claim: 1, outcome: 'expired' },
        { claim: 2, outcome: 'completed', worker: Second.NAME },
      ],
    });
    expect(task.attempts).toHaveLength(2);
  });

  it.sequential('is refused still when the task has ended', async () => {
    const before = await deployment.item(id);
    expect(await report(deployment, id, 1)).toMatchObject({ ok: false, error: { code: 'LeaseLost' } });
    expect(await deployment.item(id)).toEqual(before);
    expect(second.heard.map(({ claim }) => claim)).toEqual([2]);
  });
});

describe.runIf(seesLambdaProcesses).concurrent('a dispatcher killed between its claim and its word to SNS', () => {
  let deployment: Deployment;
  let gate: DeadlyGate;
  let billing: PunctualClient;
  let worker: WorkerProcess;
  let id: string;
  let death: Death;
  let row: Record<string, unknown> | undefined;
  let seat: Record<string, unknown> | undefined;

  beforeAll(async () => {
    // One place in flight: were it lost, no other task could be told.
    deployment = await Deployment.of({ apps: { billing: { lease: Duration.minutes(5), maxInFlight: 1 } } });
    gate = await new DeadlyGate(deployment.aws.endpoint, deployment.output('DispatcherName')).open();
    await sendSnsThrough(deployment, gate);
    billing = await deployment.client('billing');
    worker = await WorkerProcess.start(deployment, 'billing', ['send-invoice']);
    ({ id } = await billing.enqueue({ name: 'send-invoice' }));
    death = await until('the death of the dispatcher', () => {
      if (gate.mistake) throw gate.mistake;
      return gate.death;
    });
    [row, seat] = await Promise.all([deployment.item(id), deployment.item('~seat')]);
  });

  afterAll(async () => {
    await worker?.stop();
    await deployment?.remove();
    await gate?.close();
  });

  const slot = async () => entriesOf('billing', String((await deployment.item('billing/slot/0'))?.entries));

  it.sequential('leaves the task leased, its entry unmarked in the slot, and nobody told', async () => {
    expect(row).toMatchObject({ state: 'leased', claim: 1, attempt: 0 });
    expect(await slot()).toMatchObject([{ id, published: false }]);
    expect(seat?.left).not.toBe(seat?.epoch);
    expect(gate.passed).toBe(0);
    expect(worker.heard).toEqual([]);
  });

  it.sequential('is made good by a tick: the worker is told under the same claim and lease, within two ticks', async () => {
    const heard = await until('word of the task', () => worker.heard.find((one) => one.id === id), TWO_TICKS_MS);
    expect(heard).toMatchObject({ claim: 1, attempt: 0, leaseUntil: row?.leaseUntil });
    expect(heard.heardAt - death.at).toBeLessThan(TWO_TICKS_MS);
    expect(heard.heardAt).toBeLessThan(Number(row?.leaseUntil));
    const now = await deployment.item('~seat');
    expect(now).toMatchObject({ rings: seat?.rings, wokenAt: seat?.wokenAt });
    expect(now?.epoch).toBeGreaterThan(Number(seat?.epoch));
  });

  it.sequential('has cost the task nothing but time: one notification, one completion, no attempt', async () => {
    const task = await ended(billing, id);
    expect(task).toMatchObject({ state: 'completed', claim: 1, attempt: 0, attempts: [{ claim: 1, outcome: 'completed' }] });
    expect(task.attempts).toHaveLength(1);
  });

  it.sequential('has cost no place in flight: the next task takes the only one there is', async () => {
    const next = await billing.enqueue({ name: 'send-invoice' });
    expect(await ended(billing, next.id)).toMatchObject({ state: 'completed', claim: 1 });
    await worker.heardOf(next.id);
    expect(worker.heard.map((heard) => heard.id)).toEqual([id, next.id]);
    expect(gate.passed).toBe(2);
  });
});

/** Another worker of the same app, in the test's own process: it holds what it is told of until it is bid to finish. */
class Second {
  static readonly NAME = 'second';
  readonly heard: { id: string; claim: number; attempt: number; heardAt: number }[] = [];
  finish: () => void = () => {};
  readonly #worker: { start(): void; close(options: { graceMs: number }): Promise<void> };

  private constructor(parts: { reportArn: string; queueUrl: string; lambda: LambdaClient; sqs: SQSClient }) {
    const bidden = new Promise<void>((resolve) => {
      this.finish = resolve;
    });
    this.#worker = new Worker(
      defineTasks({ 'send-invoice': v.unknown() }),
      {
        'send-invoice': async ({ id, claim, attempt }) => {
          this.heard.push({ id, claim, attempt, heardAt: Date.now() });
          await bidden;
        },
      },
      { ...parts, name: Second.NAME, limits: { load: Number.POSITIVE_INFINITY } },
    );
    this.#worker.start();
  }

  static async start(deployment: Deployment): Promise<Second> {
    const options = await deployment.as('BillingWorkerRole');
    return new Second({
      reportArn: deployment.output('BillingReportArn'),
      queueUrl: deployment.output('BillingQueueUrl'),
      lambda: new LambdaClient(options),
      sqs: new SQSClient(options),
    });
  }

  close(): Promise<void> {
    return this.#worker.close({ graceMs: 0 });
  }
}

/** A completion as the worker's role sends it, under any claim: the answer of the report door. */
async function report(deployment: Deployment, id: string, claim: number): Promise<unknown> {
  const lambda = new LambdaClient(await deployment.as('BillingWorkerRole'));
  const { Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: deployment.output('BillingReportArn'),
      Payload: JSON.stringify({ v: 1, action: 'complete', id, claim }),
    }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
}
