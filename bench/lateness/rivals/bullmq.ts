// BullMQ as its guide says ("Delayed" jobs): one queue, one worker.
import { load, race } from './race.ts';

await race(async ({ folder, url, options }, handled) => {
  const { Queue, Worker } = await load(folder, 'bullmq');
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue('race', { connection });
  const worker = new Worker('race', async (job: { data: { i: number } }) => handled(job.data.i), { connection, ...options });
  await worker.waitUntilReady();
  return {
    async schedule(dueAt) {
      await queue.addBulk(dueAt.map((at, i) => ({ name: 'task', data: { i }, opts: { delay: at - Date.now(), removeOnComplete: true } })));
    },
    async stop() {
      await worker.close();
      await queue.close();
    },
  };
});
