import type { Versions } from './defineTasks.ts';

/**
 * A payload of an old version as the current one, step by step; of the current version as it is.
 *
 * @throws what an upcaster throws
 */
export async function upcast({ current, upcasters }: Versions, version: number, payload: unknown): Promise<unknown> {
  let risen = payload;
  for (let step = version; step < current; step++) risen = await upcasters.get(step)?.(risen);
  return risen;
}

/** Whether a payload of this version is the current one, or can be led up to it. */
export const isReachable = ({ oldest, current }: Versions, version: number): boolean => oldest <= version && version <= current;
