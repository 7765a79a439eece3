// graphile-worker by its library's `run`, jobs by `addJobs` with `runAt`.
import { load, race } from './race.ts';

await race(async ({ folder, url, options }, handled) => {
  const { run, makeWorkerUtils, Logger } = await load(folder, 'graphile-worker');
  const taskList = { task: async (payload: { i: number }) => handled(payload.i) };
  // It would write a line a job.
  const quiet = { connectionString: url, logger: new Logger(() => () => {}) };
  const runner = await run({ ...quiet, taskList, noHandleSignals: true, ...options });
  const utils = await makeWorkerUtils(quiet);
  return {
    async schedule(dueAt) {
      await utils.addJobs(dueAt.map((at, i) => ({ identifier: 'task', payload: { i }, runAt: new Date(at) })));
    },
    async stop() {
      await runner.stop();
      await utils.release();
    },
  };
});
