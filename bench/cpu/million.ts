import type { Task } from '../../core/task.ts';
import { bundleFileOf } from '../bundles/bundles.ts';
import { type Bench, figure } from '../figure.ts';
import { startGround, tasksDue } from './ground.ts';
import { invoke } from './invoke.ts';
import { DUE, inMb } from './memory.ts';

const STORED = 1_000_000;
const MONTH_MS = 30 * 86_400_000;

function* both(some: Iterable<Task>, others: Iterable<Task>): Generator<Task> {
  yield* some;
  yield* others;
}

/** Figure 15, beyond. */
export const bench: Bench = {
  name: 'million',
  about: 'memory of the dispatcher with a million tasks stored for later, and with a million due at once (about twelve minutes)',
  isQuick: false,
  async run(progress) {
    const bundle = bundleFileOf('dispatcher');
    const ground = await startGround(progress);
    try {
      const dueAt = Date.now() - 1_000;
      await ground.fill(tasksDue(DUE, dueAt));
      const alone = await invoke(bundle.file, ground);
      progress(`alone: ${inMb(alone.peakRss).toFixed(1)} MB`);
      await ground.fill(both(tasksDue(DUE, dueAt), tasksDue(STORED - DUE, dueAt + MONTH_MS, DUE)));
      const amongStored = await invoke(bundle.file, ground);
      progress(`among a million stored: ${inMb(amongStored.peakRss).toFixed(1)} MB`);
      await ground.fill(tasksDue(STORED, dueAt));
      const allDue = await invoke(bundle.file, ground);
      progress(`a million due: ${inMb(allDue.peakRss).toFixed(1)} MB, ${allDue.claimed} claimed`);
      return {
        figures: [
          figure(15, 'memory with a million stored ÷ with none', amongStored.peakRss / alone.peakRss, '', { atMost: 1.1 }),
          figure(15, 'memory with a million due ÷ with 10,000', allDue.peakRss / alone.peakRss, '', { atMost: 1.1 }),
          figure(15, 'memory with a million due', inMb(allDue.peakRss), 'MB'),
          ...[alone, amongStored, allDue].map(({ published }) =>
            figure(15, 'told in one invocation', published, 'tasks', { atLeast: DUE }),
          ),
        ],
      };
    } finally {
      await ground.stop();
      bundle.remove();
    }
  },
};
