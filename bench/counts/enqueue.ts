import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { apart } from '../apart.ts';
import { bundleFileOf } from '../bundles/bundles.ts';
import { type Bench, type Figure, figure } from '../figure.ts';
import { medianOf } from '../median.ts';
import { CountedQueue, settingsOf } from './CountedQueue.ts';
import type { EnqueueRounds } from './enqueueRounds.ts';

const TASKS = 10_000;

export const bench: Bench = {
  name: 'enqueue',
  about: `${TASKS} tasks by client batches: calls and write units counted, CPU of the client and of the door over the real SDK`,
  isQuick: true,
  async run(progress) {
    const counted = await enqueueCounted(TASKS);
    const { client, door } = await cpu(progress);
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

const ABOUT = `Client: enqueueBatch of 100, bundled as an app is, checked, serialized and sent by the SDK's Lambda client, and the answer read. Door: the shipped bundle
with its own SDK client, from the request's JSON to the answer's. Both against a process that answers at once and whose CPU is not counted; medians of
interleaved rounds, garbage collection included.`;

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

/** µs a task. */
async function cpu(progress: (line: string) => void): Promise<{ client: number; door: number }> {
  const door = bundleFileOf('submit');
  const { endpoint, stop } = await answering();
  try {
    const argument = { endpoint, door: door.file, settings: settingsOf(), tasks: TASKS };
    const rounds = await apart<EnqueueRounds>(new URL('./enqueueRounds.ts', import.meta.url), argument, progress);
    return { client: medianOf(rounds.client), door: medianOf(rounds.door) };
  } finally {
    await stop();
    door.remove();
  }
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
