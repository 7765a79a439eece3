import { apart } from '../apart.ts';
import type { Round } from './drainRounds.ts';
import { startGround } from './ground.ts';

let known: Promise<readonly Round[]> | undefined;

/** The rounds, measured once: two benches read them. */
export function drains(progress: (line: string) => void): Promise<readonly Round[]> {
  known ??= measure(progress);
  return known;
}

async function measure(progress: (line: string) => void): Promise<readonly Round[]> {
  const ground = await startGround(progress);
  try {
    return await apart<readonly Round[]>(new URL('./drainRounds.ts', import.meta.url), ground.endpoints, progress);
  } finally {
    await ground.stop();
  }
}
