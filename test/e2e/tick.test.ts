import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PunctualClient } from '../../client/index.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

/** Further off than a door rings for. */
const AHEAD_MS = 88_000;

describe('a task further off than a door rings for, woken by nothing but the minutely rule', () => {
  let deployment: Deployment;
  let billing: PunctualClient;
  let worker: WorkerProcess;

  beforeAll(async () => {
    deployment = await Deployment.of({ apps: { billing: {} } });
    billing = await deployment.client('billing');
    worker = await WorkerProcess.start(deployment, 'billing', ['send-invoice']);
  });

  afterAll(async () => {
    await worker?.stop();
    await deployment?.remove();
  });

  const expectUnrung = async (): Promise<Record<string, unknown>> => {
    const seat = (await deployment.item('~seat')) ?? {};
    expect(Object.keys(seat).filter((name) => name.startsWith('rung/') || name === 'rings' || name === 'wokenAt')).toEqual([]);
    return seat;
  };

  it('is told at its date and not before, though nobody rang', { timeout: 200_000 }, async () => {
    const dueAt = Date.now() + AHEAD_MS;
    const { id } = await billing.enqueue({ name: 'send-invoice', dueAt: new Date(dueAt) });
    await expectUnrung();
    const heard = await until('word of the task', () => worker.heard.find((one) => one.id === id), AHEAD_MS + 20_000);
    const { epoch } = await expectUnrung();
    expect(epoch).toBeGreaterThanOrEqual(1);
    expect(heard).toMatchObject({ dueAt, claim: 1, attempt: 0 });
    expect(heard.heardAt).toBeGreaterThanOrEqual(dueAt);
    const task = await until('its completion', async () => {
      const found = await billing.get(id);
      return found.state !== 'leased' && found;
    });
    expect(task).toMatchObject({ state: 'completed', claim: 1, attempt: 0, attempts: [{ claim: 1, outcome: 'completed' }] });
    await expectUnrung();
  });

  it('is unlike a near one, for which the door rings', async () => {
    await billing.enqueue({ name: 'send-invoice', dueAt: new Date(Date.now() + 60_000) });
    expect(await deployment.item('~seat')).toMatchObject({ rings: 1, 'rung/billing': expect.any(Number) });
  });
});
