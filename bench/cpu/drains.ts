import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Round } from './drainRounds.ts';
import { startGround } from './ground.ts';

const ROUNDS = fileURLToPath(new URL('./drainRounds.ts', import.meta.url));

/** Due at one instant, and drained in each round; one by one, fewer are as good: it is the same for each. */
export const COUNT = { ours: 1_000, oneByOne: 150 } as const;

let known: Promise<readonly Round[]> | undefined;

/** The rounds, measured once: two benches read them. */
export function drains(progress: (line: string) => void): Promise<readonly Round[]> {
  known ??= measure(progress);
  return known;
}

/** In a process of its own: what the other benches have run must not have shaped the compiled code. */
async function measure(progress: (line: string) => void): Promise<readonly Round[]> {
  const ground = await startGround(progress);
  try {
    const child = fork(ROUNDS, [JSON.stringify(ground.endpoints)], { execArgv: ['--import', 'tsx'] });
    let rounds: readonly Round[] | undefined;
    child.on('message', (message: string | readonly Round[]) => {
      if (typeof message === 'string') progress(message);
      else rounds = message;
    });
    const [code] = await once(child, 'exit');
    if (!rounds) throw new Error(`the rounds came to no end: exit code ${code}`);
    return rounds;
  } finally {
    await ground.stop();
  }
}
