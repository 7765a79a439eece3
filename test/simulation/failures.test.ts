import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../core/actions.ts';
import { DEFAULT_LIMITS, DEFAULT_POLICY } from '../../core/policy.ts';
import type { FailureRequest } from '../../functions/bus.ts';
import { enqueueAll } from '../../functions/doors/enqueue.ts';
import { FailureBatch, type FailurePorts } from '../../functions/failures/batch.ts';
import { ErrorBook } from '../../functions/failures/error-book.ts';
import { Store } from '../../functions/store.ts';
import { apart } from './apart.ts';
import { failurePortsOf } from './system.ts';
import { World } from './world.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SETTINGS = { ...DEFAULT_LIMITS, app: 'billing', topicArn: 'topic', policy: DEFAULT_POLICY, tasks: {} } as const;

/** A world in which nothing goes wrong but what a test does, with one task in it. Time passes while something is waited for. */
async function worldWith(parts: { deadlineMs?: number } = {}) {
  const world = new World(1, SETTINGS, { faults: 0 });
  const { timeline, cloud } = world;
  const process = world.process('failure');
  const store = new Store(process.client<DynamoDBClient>(), 'table');
  const play = <T>(work: Promise<T>): Promise<T> => {
    void timeline.pass(timeline.now + MINUTE);
    return work;
  };
  const settle = (request: FailureRequest, receives: number, parts: Partial<FailurePorts> = {}) => {
    const delivery = {
      messageId: `message of ${request.type}`,
      body: JSON.stringify({ detail: { data: request } }),
      attributes: { ApproximateReceiveCount: String(receives) },
    };
    return apart(world, () => play(new FailureBatch({ ...failurePortsOf(world, process), ...parts }).settle([delivery])));
  };
  const late = parts.deadlineMs && { deadlineAt: new Date(timeline.now + parts.deadlineMs).toISOString(), expiresAfterDeadline: true };
  const request = { name: 'send-invoice', idempotencyKey: 'a', ...late };
  const [made] = await play(enqueueAll(store, SETTINGS, [request], timeline.now, () => ''));
  if (!made?.ok) throw new Error(`the task was refused: ${JSON.stringify(made)}`);
  return {
    id: made.id,
    settle,
    mails: cloud.mails,
    now: () => timeline.now,
    pass: (ms: number) => timeline.pass(timeline.now + ms),
    act: (action: Action) => play(store.act(made.id, action, timeline.now, SETTINGS)),
    errors: () => [...cloud.table.rows].flatMap(([id, row]) => (id.startsWith('~error/') ? [`${row.errorName?.S} ${row.count?.N}`] : [])),
  };
}

describe('a failure is counted once', () => {
  test('though a second request of its claim tells of another error, and comes twice', async () => {
    const { id, act, settle, errors, now, pass } = await worldWith();
    await act({ type: 'claim', rev: 1, by: '0.1.n', level: 'medium', leaseUntil: now() + MINUTE });
    await pass(2 * MINUTE);
    expect(await settle({ type: 'expire', id, claim: 1 }, 1)).toEqual([]);
    const other = { type: 'expire', id, claim: 1, error: { name: 'NotPublished', message: 'SNS answered nothing.' } } as const;
    expect(await settle(other, 1)).toEqual([]);
    expect(await settle(other, 2)).toEqual([]);
    expect(errors()).toEqual(['LeaseExpired 1']);
  });
});

describe('two counts of one failure at the same time', () => {
  test('count it once, though the one that came second finds it counted', async () => {
    const world = new World(1, SETTINGS, { faults: 0 });
    const dynamo = world.process('failure').client<DynamoDBClient>();
    const chances = [0.1, 0.9];
    const waits = { clock: world.process('failure'), random: () => chances.shift() ?? 0.5 };
    const book = new ErrorBook(dynamo, new Store(dynamo, 'table'), waits);
    const tasks = [{ id: 'billing/a', version: 1, isDead: false, key: 'a' }];
    const seen = {
      app: 'billing',
      fingerprint: 'iJ1To-hRXUlqWzi5cq4OY_',
      name: 'send-invoice',
      error: { name: 'SmtpError', message: 'no route' },
      tasks,
    };
    const both = [book.count(seen, world.timeline.now), book.count(seen, world.timeline.now)];
    await world.timeline.pass(world.timeline.now + SECOND);
    expect((await Promise.all(both)).map(({ fresh }) => fresh.size).sort()).toEqual([0, 1]);
  });
});

describe('a death by the deadline is told of', () => {
  test('though its report is lost, and the task is replayed before its message comes again', async () => {
    const { id, act, settle, errors, mails, now, pass } = await worldWith({ deadlineMs: 30 * SECOND });
    await pass(MINUTE);
    const miss = { type: 'miss', id } as const;
    const sns = { send: () => Promise.reject(new Error('the connection was cut')) } as unknown as SNSClient;
    expect(await settle(miss, 1, { sns })).toEqual(['message of miss']);
    expect(mails).toEqual([]);
    expect(await act({ type: 'replay', arrival: now() * 1_000 })).toMatchObject({ kind: 'changed', task: { state: 'scheduled' } });
    await pass(3 * MINUTE);
    expect(await settle(miss, 2)).toEqual([]);
    expect(mails).toHaveLength(1);
    await pass(3 * MINUTE);
    expect(await settle(miss, 3)).toEqual([]);
    expect(mails).toHaveLength(1);
    expect(errors()).toEqual(['DeadlineMissed 1']);
  });
});

describe('a count that another was quicker than', () => {
  test('waits by the clock and the chance that it is given, twice as long each time', async () => {
    const world = new World(1, SETTINGS, { faults: 0 });
    const process = world.process('failure');
    const dynamo = process.client<DynamoDBClient>();
    const waits: number[] = [];
    const clock = {
      now: () => process.now(),
      every: process.every,
      after: (ms: number, then: () => void) => {
        waits.push(ms);
        return process.after(ms, then);
      },
    };
    let races = 0;
    const isLost = (command: object) => command instanceof UpdateItemCommand && ++races <= 2;
    const lost = () => Promise.reject(new ConditionalCheckFailedException({ message: 'another was first', $metadata: {} }));
    const racing = { send: (command: UpdateItemCommand) => (isLost(command) ? lost() : dynamo.send(command)) } as unknown as DynamoDBClient;
    const book = new ErrorBook(racing, new Store(dynamo, 'table'), { clock, random: () => 0.5 });
    const tasks = [{ id: 'billing/a', version: 1, isDead: false, key: 'a' }];
    const error = { name: 'SmtpError', message: 'no route' };
    const counted = book.count({ app: 'billing', fingerprint: 'f', name: 'send-invoice', error, tasks }, world.timeline.now);
    await world.timeline.pass(world.timeline.now + SECOND);
    expect((await counted).fresh).toEqual(new Set(['a']));
    expect(waits).toEqual([10, 20]);
  });
});
