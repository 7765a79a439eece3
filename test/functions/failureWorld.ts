import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { inject, vi } from 'vitest';
import type { AppSettings } from '../../core/policy.ts';
import type { Task } from '../../core/task.ts';
import type { FailureRequest } from '../../functions/bus.ts';
import { type Delivery, FailureBatch, type FailurePorts } from '../../functions/failures/batch.ts';
import { ErrorBook } from '../../functions/failures/error-book.ts';
import { Ring } from '../../functions/ring.ts';
import { Seat } from '../../functions/seat.ts';
import { MINUTE, makeWorld, type Process, unique, type World } from './world.ts';

export const SMTP = { name: 'SmtpError', message: 'no route to "mx.example.com"' };
/** How long the queue hides a message that was not settled. */
export const HIDDEN = 3 * MINUTE;

/** A message as the queue hands it over, for the first time unless told otherwise. */
export const message = (data: unknown, { id = unique('message'), receives = 1 } = {}): Delivery => ({
  messageId: id,
  body: JSON.stringify({ detail: { data } }),
  attributes: { ApproximateReceiveCount: String(receives) },
});

/** The same message, one receive later. */
export const again = ({ attributes, ...rest }: Delivery): Delivery => ({
  ...rest,
  attributes: { ApproximateReceiveCount: String(Number(attributes.ApproximateReceiveCount) + 1) },
});

export const fail = (task: Task, parts: object = {}): FailureRequest => ({ type: 'fail', id: task.id, claim: 1, error: SMTP, ...parts });

/** A world with failure functions in it. Every alert and metric is asked of a function's own calls. */
export async function failureWorld(changes: Partial<AppSettings> = {}) {
  const world = await makeWorld(changes);
  return Object.assign(world, {
    desk: (parts: Partial<FailurePorts> = {}) => deskOf(world, world.process(), parts),
    book: new ErrorBook(world.admin.dynamo, world.store),
    /** Tasks that are out under claim 1. */
    async out(...parts: Parameters<World['enqueue']>): Promise<Task[]> {
      const tasks = await world.enqueue(...parts);
      for (const task of tasks) {
        const claim = { type: 'claim', rev: task.rev, by: '0.1.n', level: task.level, leaseUntil: world.clock.now() + 5 * MINUTE } as const;
        await world.store.act(task.id, claim, world.clock.now(), world.settings);
      }
      return Promise.all(tasks.map(({ id }) => world.read(id)));
    },
    goOn(ms: number): void {
      world.clock.set(world.clock.now() + ms);
    },
  });
}
export type FailureWorld = Awaited<ReturnType<typeof failureWorld>>;

/** One failure function: a process with clients, faults and a book of its own. */
function deskOf(world: World, process: Process, parts: Partial<FailurePorts>) {
  const { endpoint, region } = inject('localAws');
  const options = { endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const { faults, dynamo, sns, events, store, clock } = process;
  const ports: FailurePorts = {
    ...{ dynamo, store, sns, events, clock, bus: process.bus, alertsTopicArn: world.settings.topicArn },
    settingsOf: async (app) => (app === world.settings.app ? world.settings : undefined),
    random: () => 0.5,
    book: new ErrorBook(dynamo, store),
    ring: new Ring(new Seat(dynamo, process.table), faults.watch(new LambdaClient(options)), 'dispatcher'),
    cloudwatch: faults.watch(new CloudWatchClient(options)),
    mail: { queue: 'main', operateName: 'main-operate', region },
    ...parts,
  };
  return {
    ...process,
    cloudwatch: ports.cloudwatch,
    settle: (...deliveries: Delivery[]) => new FailureBatch(ports).settle(deliveries),
    /** What was mailed, in order. */
    mails: (): { Subject: string; Message: string; TopicArn: string }[] =>
      faults.calls.filter(({ name }) => name === 'Publish').map(({ input }) => input),
    /** The sums that were put, by name and, where there is one, app. */
    metrics(): Record<string, number> {
      const sums: Record<string, number> = {};
      for (const { input } of faults.calls.filter(({ name }) => name === 'PutMetricData')) {
        for (const { MetricName, Dimensions, StatisticValues } of input.MetricData) {
          const key = [MetricName, ...Dimensions.slice(1).map(({ Value }: { Value: string }) => Value)].join(' ');
          sums[key] = (sums[key] ?? 0) + StatisticValues.Sum;
        }
      }
      return sums;
    },
  };
}

/** All that was logged in this test file so far. */
export const logged = (): string => JSON.stringify(vi.mocked(console.log).mock.calls);
