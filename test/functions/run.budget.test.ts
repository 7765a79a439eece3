import { describe, expect, it } from 'vitest';
import { METRICS_NAMESPACE } from '../../contract/metrics.ts';
import { LEVELS } from '../../core/task.ts';
import { callsOf, nextTick, readyWorld, toldBy } from './runs.ts';
import { MINUTE, makeWorld, type Process, SECOND, START } from './world.ts';

const many = (count: number, parts: object = {}) => Array.from({ length: count }, () => parts);
const ids = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id);

describe('a run', () => {
  it('stops claiming Low before Medium before High as its time ends, and leaves the rest to the next', async () => {
    const world = await readyWorld();
    // One of each level every second.
    await world.enqueue(
      ...Array.from({ length: 60 }, (_, i) => ({ level: LEVELS[i % 3] ?? 'low', dueAt: START + Math.floor(i / 3) * SECOND })),
    );
    const process = world.process();
    const at: Record<string, number> = {};
    const before = async () => {
      for (const { Message } of process.faults.calls.at(-1)?.input.PublishBatchRequestEntries ?? []) {
        at[JSON.parse(Message).priority] = world.clock.now() - START;
      }
    };
    process.faults.inject('PublishBatch', { before }, { times: 1_000 });
    await world.finish(world.run(process, { stayMs: 15 * SECOND }), 20 * SECOND);
    // Claimed up to a beat ahead.
    expect(at).toEqual({ low: 5 * SECOND, medium: 10 * SECOND, high: 15 * SECOND });
    await nextTick(world);
    expect(await world.told()).toHaveLength(60);
  });

  it('stops claiming Low before Medium before High as its memory fills, but for one batch: a full container comes on too', async () => {
    const world = await readyWorld();
    const low = await world.enqueue(...many(60, { level: 'low' }));
    const full = world.process();
    full.machine.memoryUsed = 0.95;
    await world.finish(world.run(full));
    expect(toldBy(full)).toEqual(ids(low).slice(0, 25));
    expect(world.clock.now()).toBeLessThan(START + 5 * SECOND);

    const filling = world.process();
    filling.machine.memoryUsed = 0.75;
    const medium = await world.enqueue(...many(60));
    await world.finish(world.run(filling));
    expect(toldBy(filling)).toEqual(ids(medium));
    const roomy = world.process();
    roomy.machine.memoryUsed = 0.69;
    await world.finish(world.run(roomy));
    expect(toldBy(roomy)).toEqual(ids(low).slice(25));
  });

  it('of Low only by nature claims what counts as High by its deadline to the end', async () => {
    const world = await readyWorld();
    const [_low, late] = await world.enqueue({ level: 'low' }, { level: 'low', deadlineAt: START });
    const process = world.process();
    await world.finish(world.run(process, { stayMs: 4 * SECOND }));
    expect(toldBy(process)).toEqual([late?.id]);
  });
});

describe('the end of a run’s time', () => {
  it('comes although tasks are due every beat: it leaves the rest to the next tick', async () => {
    const world = await makeWorld();
    await world.enqueue(...Array.from({ length: 40 }, (_, i) => ({ dueAt: START + i * 500 })));
    const process = world.process();
    await world.finish(world.run(process, { stayMs: 10 * SECOND }), 13 * SECOND);
    expect(process.timers).toBe(0);
    expect(await world.seat.read()).toMatchObject({ left: 1, aliveUntil: 0 });
    await world.finish(world.run(world.process()));
    expect(await world.told()).toHaveLength(40);
    expect(world.clock.now()).toBeLessThan(START + MINUTE);
  });
});

/** What a process has put, by metric and dimensions. */
const putBy = ({ faults }: Process) =>
  faults.calls
    .filter(({ name }) => name === 'PutMetricData')
    .map(({ input: { Namespace, MetricData } }) => {
      expect(Namespace).toBe(METRICS_NAMESPACE);
      return Object.fromEntries(
        (
          MetricData as { MetricName: string; Dimensions: { Name: string; Value: string }[]; StatisticValues: { [key: string]: number } }[]
        ).map(({ MetricName, Dimensions, StatisticValues: { SampleCount, Sum, Maximum } }) => [
          [MetricName, ...Dimensions.filter(({ Name }) => Name !== 'Queue').map(({ Value }) => Value)].join(' '),
          [SampleCount, Sum, Maximum],
        ]),
      );
    });

describe('the metrics of a run', () => {
  it('are put in one call, and none where there is nothing to say', async () => {
    const world = await readyWorld({ maxInFlight: 2, alarms: true });
    const mail = { ...world.settings, app: 'mail', alarms: false };
    const idle = world.process();
    await world.finish(world.run(idle, { apps: [world.settings, mail] }));
    expect(putBy(idle)).toEqual([]);

    const tasks = await world.enqueue(
      { dueAt: START - 3 * SECOND, level: 'high' },
      { dueAt: START - 2 * SECOND },
      { dueAt: START - 2 * SECOND, level: 'low' },
      { dueAt: START - SECOND, level: 'low' },
      { dueAt: START + MINUTE, level: 'low' },
    );
    const process = world.process();
    await world.finish(world.run(process, { apps: [world.settings, mail], stayMs: 20 * SECOND }));
    const age = (world.clock.now() - START) / SECOND + 2;
    const own = { 'OldestDueAge billing low': [1, age, age], 'InFlight billing': [1, 2, 2] };
    expect(putBy(process)).toEqual([
      expect.objectContaining({
        'OldestDueAge low': [1, age, age],
        Notified: [1, 2, 2],
        Lateness: [1, 3 * SECOND, 3 * SECOND],
        InFlight: [1, 2, 2],
        ...own,
        'Notified billing': [1, 2, 2],
        'Lateness billing': [1, 3 * SECOND, 3 * SECOND],
      }),
    ]);
    expect(Object.keys(putBy(process)[0] ?? {})).toHaveLength(8);

    for (const task of tasks.slice(0, 2)) await world.complete(task);
    world.clock.set(START + MINUTE);
    const next = world.process();
    await world.finish(world.run(next, { stayMs: 20 * SECOND }));
    expect(putBy(next)[0]).toMatchObject({ FailureRate: [2, 0, 0], 'FailureRate billing': [2, 0, 0], InFlight: [1, 2, 2] });
  });

  it('tell of what is due and waits on a tick that does not stay, behind a pause too; that they cannot be put stops nobody', async () => {
    const world = await readyWorld();
    await world.valves.set('billing', undefined, 'paused');
    await world.enqueue({ dueAt: START - MINUTE, level: 'high' }, { position: 'front', level: 'low' }, { dueAt: START + 1 });
    world.clock.set(START + 90 * SECOND);
    const process = world.process();
    expect(await world.finish(world.run(process))).toMatchObject({ stayed: false });
    expect(putBy(process)[0]).toMatchObject({ 'OldestDueAge high': [1, 150, 150], 'OldestDueAge medium': [1, 89.999, 89.999] });
    expect(putBy(process)[0]?.['OldestDueAge low']?.[1]).toBeCloseTo(90, 0);
    process.faults.inject('PutMetricData', 'not sent');
    expect(await world.finish(world.run(process))).toMatchObject({ stayed: false });
    expect(callsOf(process)).toMatchObject({ GetItem: 2, Query: 6 });
  });

  it('count an unacknowledged task as completed once SNS has accepted it', async () => {
    const world = await makeWorld();
    await world.enqueue({ traits: ['unacknowledged'] }, { traits: ['unacknowledged'] }, {});
    const { process } = await nextTick(world);
    expect(putBy(process)[0]).toEqual({ FailureRate: [2, 0, 0], InFlight: [1, 1, 1], Notified: [1, 3, 3], Lateness: [1, 0, 0] });
  });
});
