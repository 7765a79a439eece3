import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { PunctualClient } from '../../client/PunctualClient.ts';
import { ENV } from '../../contract/environment.ts';
import { type Bench, type Figure, figure } from '../figure.ts';
import { medianOf } from '../median.ts';
import { CountedQueue, settingsOf } from './CountedQueue.ts';

const TASKS = 10_000;
const BATCH = 100;
const ROUNDS = 9;
const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:submit';

export const bench: Bench = {
  name: 'enqueue',
  about: `${TASKS} tasks by client batches: calls and write units counted, CPU of the client and of the door over the real SDK`,
  isQuick: true,
  async run(progress) {
    const counted = await enqueueCounted(TASKS);
    progress(`CPU: ${ROUNDS} rounds`);
    const { client, door } = await cpu();
    const figures: Figure[] = [
      figure(16, `enqueue of ${TASKS}: door calls`, counted.calls, 'a task', { atMost: 0.01 }),
      figure(16, `enqueue of ${TASKS}: write units`, counted.writes, 'a task', { atMost: 2 }),
      figure(16, `enqueue of ${TASKS}: CPU of client and door`, client + door, 'µs a task', { atMost: 120 }),
      figure(16, `enqueue of ${TASKS}: CPU of the client`, client, 'µs a task'),
      figure(16, `enqueue of ${TASKS}: CPU of the door`, door, 'µs a task'),
    ];
    return { figures, notes: [ABOUT] };
  },
};

const ABOUT = `Client: enqueueBatch of 100, checked, serialized and sent by the SDK's Lambda client, and the answer read. Door: the shipped handler
with its own SDK client, from the request's JSON to the answer's. Both against a process that answers at once and whose CPU is not counted; median of
${ROUNDS} interleaved rounds, garbage collection included.`;

/** What AWS sees of it, on the in-memory one. */
export async function enqueueCounted(tasks: number): Promise<{ calls: number; writes: number; batches: number }> {
  const queue = new CountedQueue();
  await queue.play(async () => {
    const dueAt = new Date(queue.world.timeline.now + 3_600_000);
    await queue.enqueue(Array.from({ length: tasks }, (_, invoice) => ({ name: 'send-invoice', payload: { invoice }, dueAt })));
  });
  const { meter } = queue;
  return { calls: meter.count('client', 'Invoke') / tasks, writes: meter.writes() / tasks, batches: meter.count('submit') / tasks };
}

/** CPU of this process, µs a task. */
async function cpu(): Promise<{ client: number; door: number }> {
  const { endpoint, stop } = await answering();
  try {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const lambda = new LambdaClient({ endpoint, region: 'eu-west-1', credentials });
    const client = new PunctualClient({ submitArn: ARN, lambda });
    const handler = await doorAt(endpoint);
    const dueAt = new Date(Date.now() + 3_600_000);
    const tasks = Array.from({ length: BATCH }, (_, invoice) => ({ name: 'send-invoice', payload: { invoice }, dueAt }));
    const wire = tasks.map((task, i) => ({ ...task, dueAt: dueAt.toISOString(), idempotencyKey: `key-${i}` }));
    const request = JSON.stringify({ v: 1, action: 'enqueueBatch', tasks: wire });
    const [ofClient, ofDoor]: number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      ofClient?.push(await cpuOf(() => client.enqueueBatch(tasks)));
      ofDoor?.push(await cpuOf(async () => JSON.stringify(await handler(JSON.parse(request)))));
    }
    lambda.destroy();
    return { client: medianOf(ofClient ?? []), door: medianOf(ofDoor ?? []) };
  } finally {
    await stop();
  }
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < TASKS; done += BATCH) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / TASKS;
}

/** The shipped handler, which reads its surroundings when it is loaded. */
async function doorAt(endpoint: string): Promise<(request: unknown) => Promise<unknown>> {
  const surroundings = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    [ENV.table]: 'table',
    [ENV.dispatcher]: 'dispatcher',
    [ENV.settings]: JSON.stringify(settingsOf()),
  };
  Object.assign(process.env, surroundings);
  return (await import('../../functions/submit.ts')).handler;
}

async function answering(): Promise<{ endpoint: string; stop: () => Promise<void> }> {
  const file = fileURLToPath(new URL('./answering.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
