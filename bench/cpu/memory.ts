import { bundleFileOf } from '../bundles/bundles.ts';
import { type Bench, figure } from '../figure.ts';
import { startGround, tasksDue } from './ground.ts';
import { invoke, MEMORY_MB } from './invoke.ts';

/** Due at once; as many may be out at once, so that one invocation claims and holds them all. */
export const DUE = 10_000;
const BYTES_PER_MB = 1_048_576;
export const inMb = (bytes: number): number => bytes / BYTES_PER_MB;

/** Figure 15. */
export const bench: Bench = {
  name: 'memory',
  about: `memory of the dispatcher as it is deployed, ${DUE.toLocaleString('en-US')} tasks due and then out at once`,
  isQuick: false,
  async run(progress) {
    const bundle = bundleFileOf('dispatcher');
    const ground = await startGround(progress);
    try {
      const dueAt = Date.now() - 1_000;
      await ground.fill([]);
      const idle = await invoke(bundle.file, ground);
      await ground.fill(tasksDue(DUE, dueAt));
      const { peakRss, heapUsed, published } = await invoke(bundle.file, ground);
      return {
        figures: [
          figure(15, 'memory at the highest (RSS)', inMb(peakRss), 'MB', { atMost: (MEMORY_MB * 2) / 3 }),
          // It stops by itself before its memory ends: then it has not told them all.
          figure(15, 'told in the one invocation', published, 'tasks', { atLeast: DUE }),
          figure(15, 'memory of an idle tick', inMb(idle.peakRss), 'MB'),
          figure(15, 'heap that is kept after it', inMb(heapUsed), 'MB'),
        ],
        notes: [
          `The whole process, Node ${process.versions.node}, under the limits that Lambda sets at ${MEMORY_MB} MB. Lambda's own runtime is not in it.`,
        ],
      };
    } finally {
      await ground.stop();
      bundle.remove();
    }
  },
};
