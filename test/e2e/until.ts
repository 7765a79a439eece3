import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * Asks until the answer is something, and gives it. By default for longer than a minute: what a busy machine has missed
 * comes with the next tick. @throws after `withinMs`, naming what was waited for
 */
export async function until<T>(what: string, ask: () => T | Promise<T>, withinMs = 90_000): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer as NonNullable<Exclude<T, false>>;
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await sleep(POLL_MS);
  }
}
