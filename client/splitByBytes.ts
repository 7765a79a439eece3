/** Bytes that a request has around its tasks, rounded up. */
const HEAD_BYTES = 256;

/** The items in runs, in order, so that each run's JSON is a request of at most `limit` bytes. An item alone always fits. */
export function splitByBytes<T>(items: readonly T[], limit: number): T[][] {
  const runs: T[][] = [];
  let free = 0;
  for (const item of items) {
    const bytes = Buffer.byteLength(JSON.stringify(item)) + ','.length;
    const run = runs.at(-1);
    if (run && bytes <= free) {
      run.push(item);
      free -= bytes;
    } else {
      runs.push([item]);
      free = limit - HEAD_BYTES - bytes;
    }
  }
  return runs;
}
