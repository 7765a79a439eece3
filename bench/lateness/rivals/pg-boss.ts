// pg-boss as its documentation says: `startAfter`, `work`.
import { load, race } from './race.ts';

await race(async ({ folder, url, options }, handled) => {
  const { PgBoss } = await load(folder, 'pg-boss');
  const boss = new PgBoss(url);
  boss.on('error', console.error);
  await boss.start();
  await boss.createQueue('race');
  await boss.work('race', options, async (jobs: readonly { data: { i: number } }[]) => {
    for (const { data } of jobs) handled(data.i);
  });
  return {
    async schedule(dueAt) {
      await boss.insert(
        'race',
        dueAt.map((at, i) => ({ data: { i }, startAfter: new Date(at) })),
      );
    },
    stop: () => boss.stop({ graceful: false }),
  };
});
