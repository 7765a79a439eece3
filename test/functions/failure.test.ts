import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../functions/identity.ts';
import { measure, putMeasures } from '../../functions/metrics.ts';
import { type FailureWorld, fail, failureWorld, logged, message, SMTP } from './failureWorld.ts';
import { MINUTE, SECOND, START } from './world.ts';

const FINGERPRINT = fingerprintOf('billing', 'send-invoice', SMTP);
const LATE = { deadlineAt: START + MINUTE };

/** The errors of the world's app: name of the error, count, deaths. */
const errorsOf = async (world: FailureWorld) =>
  (await world.book.list('billing', undefined, world.clock.now())).errors.map(({ errorName, count, deaths }) => [errorName, count, deaths]);

describe('a failed attempt', () => {
  it('is recorded, retried with jitter, rung for and counted, at two writes and one call of metrics', async () => {
    const world = await failureWorld();
    const [task] = await world.out({});
    if (!task) throw new Error('a task');
    const desk = world.desk();
    expect(await desk.settle(message(fail(task, { worker: 'w-1', error: { ...SMTP, stack: 'at send' } })))).toEqual([]);
    const error = { ...SMTP, stack: 'at send' };
    const attempts = [{ claim: 1, claimedAt: START, endedAt: START, outcome: 'failed', error, worker: 'w-1' }];
    expect(await world.read(task.id)).toMatchObject({
      state: 'scheduled',
      dueAt: START + 2_500,
      attempt: 1,
      attempts,
      fingerprint: FINGERPRINT,
    });
    expect((await world.seat.read()).rung.get('billing')).toBe(START);
    expect(desk.metrics()).toEqual({ Failed: 1, FailureRate: 1 });
    expect(await world.book.get('billing', FINGERPRINT, START)).toMatchObject({
      name: 'send-invoice',
      message: SMTP.message,
      tasks: [task.id],
    });
    expect(desk.mails()).toEqual([]);
    const isOfSeat = ({ input }: { input: { Key?: { id: { S: string } } } }) => input.Key?.id.S === '~seat';
    expect(desk.faults.count('UpdateItem', (call) => !isOfSeat(call))).toBe(2);
    expect(desk.faults.count('PutMetricData')).toBe(1);
  });

  it.each([
    ['fail', { error: SMTP }, 'failed', SMTP.name, { Failed: 1, FailureRate: 1 }],
    ['expire', {}, 'expired', 'LeaseExpired', { Expired: 1, FailureRate: 1 }],
    ['expire', { error: { name: 'NotPublished', message: 'throttled' } }, 'expired', 'NotPublished', { Expired: 1, FailureRate: 1 }],
    ['refuse', { error: { name: 'InvalidParameter', message: 'no' } }, 'refused', 'InvalidParameter', { Refused: 1, FailureRate: 1 }],
  ] as const)('by a request %s %j ends the claim as %s and counts as %s', async (type, parts, outcome, errorName, metrics) => {
    const world = await failureWorld();
    const [task] = await world.out({});
    if (!task) throw new Error('a task');
    world.goOn(10 * MINUTE);
    const desk = world.desk();
    expect(await desk.settle(message({ type, id: task.id, claim: 1, ...parts }))).toEqual([]);
    const { attempts, fingerprint } = await world.read(task.id);
    expect(attempts).toMatchObject([{ outcome, claim: 1 }]);
    // Without an error of SNS's it was a worker that did not answer: none is made up for the history.
    expect(attempts[0]?.error).toEqual('error' in parts ? parts.error : undefined);
    expect(fingerprint).toMatch(/^[\w-]{22}$/);
    expect(await errorsOf(world)).toEqual([[errorName, 1, 0]]);
    expect(desk.metrics()).toEqual(metrics);
  });

  it('that was the last kills the task, which is counted and reported at once', async () => {
    const world = await failureWorld();
    const [task, other] = await world.out({ maxAttempts: 1 }, {});
    if (!task || !other) throw new Error('two tasks');
    const desk = world.desk();
    await desk.settle(message(fail(task)), message(fail(other)));
    expect(await world.read(task.id)).toMatchObject({ state: 'dead', deathReason: 'attempts exhausted' });
    expect(desk.metrics()).toEqual({ Failed: 2, FailureRate: 2, Dead: 1 });
    expect(desk.mails()).toHaveLength(1);
    expect(await errorsOf(world)).toEqual([['SmtpError', 2, 1]]);
  });

  it('that is worthless since its deadline, while it waits, is dead and no attempt', async () => {
    const world = await failureWorld({ whenLate: 'expire' });
    const [late, early] = await world.enqueue(LATE, {});
    if (!late || !early) throw new Error('two tasks');
    world.goOn(2 * MINUTE);
    const desk = world.desk();
    expect(await desk.settle(message({ type: 'miss', id: late.id }), message({ type: 'miss', id: early.id }))).toEqual([]);
    expect(await world.read(late.id)).toMatchObject({ state: 'dead', deathReason: 'deadline missed', attempts: [] });
    expect((await world.read(early.id)).state).toBe('scheduled');
    expect(desk.metrics()).toEqual({ Dead: 1 });
    expect(await errorsOf(world)).toEqual([['DeadlineMissed', 1, 1]]);
    // The metric of the missed deadline comes of this event, which comes back here.
    expect(await world.failures()).toEqual([{ type: 'late', id: late.id, name: 'send-invoice', deadlineAt: LATE.deadlineAt }]);
  });

  it('with half a character in its error, or with too much text, is recorded all the same', async () => {
    const world = await failureWorld();
    const [task] = await world.out({});
    if (!task) throw new Error('a task');
    const error = { name: `E\ud800${'n'.repeat(300)}`, message: `${'m'.repeat(499)}\u{1f600}`, stack: 's\udfff'.repeat(600) };
    expect(await world.desk().settle(message(fail(task, { error })))).toEqual([]);
    const [attempt] = (await world.read(task.id)).attempts;
    expect(attempt?.error).toEqual({ name: `E\ufffd${'n'.repeat(98)}`, message: `${'m'.repeat(499)}\ufffd`, stack: 's\ufffd'.repeat(300) });
    expect((await errorsOf(world))[0]?.slice(1)).toEqual([1, 0]);
  });
});

describe('a missed deadline', () => {
  it('is told of by the first write after it, once, and counted from what was told', async () => {
    const world = await failureWorld();
    const [first, marked] = await world.out(LATE, { ...LATE, traits: ['late'] });
    if (!first || !marked) throw new Error('two tasks');
    world.goOn(2 * MINUTE);
    const desk = world.desk();
    await desk.settle(message(fail(first)), message(fail(marked)));
    const told = await world.failures();
    expect(told).toEqual([{ type: 'late', id: first.id, name: 'send-invoice', deadlineAt: LATE.deadlineAt }]);
    expect((await world.read(first.id)).traits).toEqual(['late']);
    const counting = world.desk();
    expect(await counting.settle(...[told[0], told[0], { ...told[0], id: marked.id }].map((one) => message(one)))).toEqual([]);
    expect(counting.metrics()).toEqual({ DeadlineMissed: 2 });
    expect(counting.faults.calls.map(({ name }) => name)).toEqual(['PutMetricData']);
  });
});

describe('metrics', () => {
  it('are put once a batch, and for an app of its own where it has alarms', async () => {
    const world = await failureWorld({ alarms: true });
    const [one, two] = await world.out({ maxAttempts: 1 }, {});
    if (!one || !two) throw new Error('two tasks');
    const desk = world.desk();
    await desk.settle(message(fail(one)), message(fail(two)), message({ type: 'late', id: one.id, name: one.name, deadlineAt: START }));
    const queue = { Failed: 2, FailureRate: 2, Dead: 1, DeadlineMissed: 1 };
    expect(desk.metrics()).toEqual({
      ...queue,
      ...Object.fromEntries(Object.entries(queue).map(([name, sum]) => [`${name} billing`, sum])),
    });
    expect(desk.faults.count('PutMetricData')).toBe(1);
  });

  it('that cannot be put hand nothing back', async () => {
    const world = await failureWorld();
    const [task] = await world.out({});
    if (!task) throw new Error('a task');
    const desk = world.desk();
    desk.faults.inject('PutMetricData', 'not sent', { times: 2 });
    expect(await desk.settle(message(fail(task)))).toEqual([]);
    // Nor do they stop anybody else.
    expect(await putMeasures(desk.cloudwatch, 'main', [measure('Failed', 1)])).toBeUndefined();
    expect(desk.faults.count('PutMetricData')).toBe(2);
  });
});

describe('one message that cannot be settled', () => {
  it('comes again alone: no JSON, an unknown request, an unknown app, a call that is refused', async () => {
    const world = await failureWorld();
    const [good, unlucky] = await world.out({}, {});
    if (!good || !unlucky) throw new Error('two tasks');
    const desk = world.desk();
    desk.faults.inject('GetItem', 'not sent', { when: ({ input }) => input.Key.id.S === unlucky.id });
    const bad = [
      { ...message(0), body: 'a secret, no JSON' },
      message({ type: 'unheard-of', id: good.id, secret: 'a secret type' }),
      message({ ...fail(good), claim: 'a secret claim' }),
      message(fail({ ...good, id: `elsewhere/${good.id.slice(8)}` })),
      message(fail(unlucky)),
    ];
    expect(await desk.settle(...bad, message(fail(good)))).toEqual(bad.map(({ messageId }) => messageId));
    expect((await world.read(good.id)).attempts).toHaveLength(1);
    expect(desk.metrics()).toEqual({ Failed: 1, FailureRate: 1 });
    expect(logged()).toContain('elsewhere');
    expect(logged()).not.toContain('a secret');
  });

  it('comes again alone where a call never ends, and by the time that the batch has', async () => {
    const world = await failureWorld();
    const [good, stuck] = await world.out({}, {});
    if (!good || !stuck) throw new Error('two tasks');
    const desk = world.desk();
    desk.faults.inject('GetItem', 'hangs', { when: ({ input }) => input.Key.id.S === stuck.id });
    desk.faults.inject('PutMetricData', 'hangs');
    const hanging = message(fail(stuck));
    expect(await world.finish(desk.settle(hanging, message(fail(good))), 28 * SECOND)).toEqual([hanging.messageId]);
    expect((await world.read(good.id)).attempts).toHaveLength(1);
    expect(await errorsOf(world)).toEqual([['SmtpError', 1, 0]]);
  });

  it('is none that came too late: a claim that has moved on, a task that is gone, a lease that still runs', async () => {
    const world = await failureWorld();
    const [task] = await world.out({});
    if (!task) throw new Error('a task');
    const desk = world.desk();
    const stale = [fail(task, { claim: 2 }), fail(world.task()), { type: 'expire', id: task.id, claim: 1 }];
    expect(await desk.settle(...stale.map((one) => message(one)))).toEqual([]);
    expect(await world.read(task.id)).toEqual(task);
    expect(desk.metrics()).toEqual({});
    expect(await errorsOf(world)).toEqual([]);
  });
});

it('logs neither what a worker said went wrong nor what a task carries', async () => {
  const world = await failureWorld();
  const [task] = await world.out({ payload: '{"iban":"DE02"}' });
  if (!task) throw new Error('a task');
  await world.desk().settle(message(fail(task, { error: { name: 'Leak', message: 'card 4111' } })));
  expect(logged()).toContain(task.id);
  for (const secret of ['DE02', '4111', 'mx.example']) expect(logged()).not.toContain(secret);
});
