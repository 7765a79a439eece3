// node-schedule: timers of the process itself. Nothing is stored, all is lost with the process.
import { load, race } from './race.ts';

await race(async ({ folder }, handled) => {
  const { scheduleJob, gracefulShutdown } = await load(folder, 'node-schedule').then((module) => module.default);
  return {
    async schedule(dueAt) {
      dueAt.forEach((at, i) => void scheduleJob(new Date(at), () => handled(i)));
    },
    stop: () => gracefulShutdown(),
  };
});
