import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it, vi } from 'vitest';
import { METRICS_NAMESPACE } from '../../contract/metrics.ts';
import { tellIfLate } from '../../functions/doors/late.ts';
import { makeDoors } from './lambdas.ts';
import { MINUTE, newId, SECOND, START } from './world.ts';

const HOUR = 60 * MINUTE;

/** Beyond the beat in which a door rings once. */
const nextBeat = () => vi.setSystemTime(Date.now() + 2 * SECOND);

describe('the report door', () => {
  it('takes a completion once, and answers its repetition alike', async () => {
    const { claimed, report, world } = await makeDoors();
    const { id } = await claimed();
    const complete = { action: 'complete', id, claim: 1, worker: 'w' };
    expect(await report(complete)).toEqual({ v: 1, ok: true, id, state: 'completed' });
    expect(await report(complete)).toEqual({ v: 1, ok: true, id, state: 'completed' });
    expect((await world.read(id)).attempts).toHaveLength(1);
    expect(await world.failures()).toEqual([]);
  });

  it('refuses a claim that does not hold, and another app’s task, whatever is reported', async () => {
    const { claimed, report, world } = await makeDoors();
    const { id } = await claimed();
    const all = { start: { holder: 'h' }, complete: {}, extend: {}, fail: { error: { name: 'E', message: 'm' } }, snooze: { delayMs: 1 } };
    for (const [action, parts] of Object.entries(all)) {
      expect(await report({ action, id, claim: 2, ...parts })).toMatchObject({ ok: false, error: { code: 'LeaseLost', field: 'claim' } });
      expect(await report({ action, id: newId('mail'), claim: 1, ...parts })).toMatchObject({ ok: false, error: { code: 'NotFound' } });
    }
    expect(await world.failures()).toEqual([]);
  });

  it('lets one holder start an exclusive task, however often it says so', async () => {
    const { claimed, report, world } = await makeDoors();
    const { id, leaseUntil = 0 } = await claimed({ exclusive: true });
    const started = { v: 1, ok: true, id, state: 'leased', leaseUntil: new Date(leaseUntil).toISOString() };
    expect(await report({ action: 'start', id, claim: 1, holder: 'one' })).toEqual(started);
    expect(await report({ action: 'start', id, claim: 1, holder: 'one' })).toEqual(started);
    expect(await report({ action: 'start', id, claim: 1, holder: 'two' })).toMatchObject({
      ok: false,
      error: { code: 'Held', field: 'holder', retryable: false },
    });
    expect((await world.read(id)).holder).toBe('one');
  });

  it('extends and snoozes; a snoozed task that is near is rung for', async () => {
    const { claimed, report, rings } = await makeDoors();
    const { id, leaseUntil = 0 } = await claimed();
    const extended = await report({ action: 'extend', id, claim: 1, leaseMs: 10 * MINUTE });
    expect(Date.parse(extended.leaseUntil)).toBeGreaterThan(leaseUntil);
    const before = await rings();
    nextBeat();
    expect(await report({ action: 'snooze', id, claim: 1, delayMs: 1_000 })).toEqual({ v: 1, ok: true, id, state: 'scheduled' });
    expect(await rings()).toBe(before + 1);
    expect(await report({ action: 'snooze', id, claim: 1 })).toMatchObject({ ok: false, error: { code: 'BadRequest', field: 'until' } });
  });

  it('hands a failure to the bus, cut to what is kept, and leaves the task as it is', async () => {
    const { claimed, report, world } = await makeDoors();
    const task = await claimed();
    const error = { name: 'E', message: 'm'.repeat(2_000), stack: 's' };
    expect(await report({ action: 'fail', id: task.id, claim: 1, error, worker: 'w' })).toMatchObject({ ok: true, state: 'leased' });
    expect(await world.failures()).toEqual([
      { type: 'fail', id: task.id, claim: 1, error: { ...error, message: 'm'.repeat(500) }, worker: 'w' },
    ]);
    expect(await world.read(task.id)).toEqual(task);
  });

  it('tells of a deadline that passed before the report, once', async () => {
    const { claimed, report, world } = await makeDoors();
    const deadlineAt = Date.now() + HOUR;
    const parts = { deadlineAt: new Date(deadlineAt).toISOString() };
    const [late, intime] = [await claimed(parts, 3 * HOUR), await claimed(parts, 3 * HOUR)];
    await report({ action: 'complete', id: intime.id, claim: 1 });
    vi.setSystemTime(deadlineAt + 1);
    expect(await report({ action: 'extend', id: late.id, claim: 1, leaseMs: 4 * HOUR })).toMatchObject({ ok: true, state: 'leased' });
    expect(await report({ action: 'complete', id: late.id, claim: 1 })).toMatchObject({ ok: true, state: 'completed' });
    expect(await world.failures()).toEqual([{ type: 'late', id: late.id, name: 'send-invoice', deadlineAt }]);
  });

  it('fails no report for a missed deadline that cannot be told', async () => {
    const { world } = await makeDoors();
    const { events, faults, bus } = world.process();
    faults.inject('PutEvents', 'not sent');
    await tellIfLate(events, bus, { kind: 'changed', missed: true, task: world.task({ deadlineAt: START }) }, START);
    expect(faults.count('PutEvents')).toBe(1);
  });

  it('counts a worker that has stopped polling, for the queue, and for the app where it has alarms', async () => {
    const { report, queue } = await makeDoors({ alarms: true });
    expect(await report({ action: 'overloaded', worker: 'w', reason: 'heap' })).toEqual({ v: 1, ok: true });
    const cloudwatch = new CloudWatchClient({});
    const sumOf = async (Dimensions: { Name: string; Value: string }[]) => {
      const range = {
        StartTime: new Date(Date.now() - HOUR),
        EndTime: new Date(Date.now() + HOUR),
        Period: 60,
        Statistics: ['Sum' as const],
      };
      const query = { Namespace: METRICS_NAMESPACE, MetricName: 'WorkerOverloaded', Dimensions, ...range };
      return (await cloudwatch.send(new GetMetricStatisticsCommand(query))).Datapoints?.map(({ Sum }) => Sum);
    };
    const ofQueue = { Name: 'Queue', Value: queue };
    expect(await sumOf([ofQueue])).toEqual([1]);
    expect(await sumOf([ofQueue, { Name: 'App', Value: 'billing' }])).toEqual([1]);
    cloudwatch.destroy();
  });
});
