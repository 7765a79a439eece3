import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import type { World } from './world.ts';

/** Work that asks the machine itself for the time, or for an id: here too it is the world that answers. */
export async function inWorldTime<T>(world: World, work: () => Promise<T>): Promise<T> {
  const { now } = Date;
  const { randomUUID } = crypto;
  const { timeline, chance } = world;
  let ids = 0;
  Date.now = () => timeline.now;
  performance.now = () => timeline.now;
  crypto.randomUUID = () => `${chance.int(0, 2 ** 31)}-${++ids}-0-0-0` as const;
  try {
    return await apart(world, work);
  } finally {
    Date.now = now;
    // It is the prototype's own again.
    Reflect.deleteProperty(performance, 'now');
    crypto.randomUUID = randomUUID;
    syncBuiltinESMExports();
  }
}

/**
 * Runs work of a world apart from this machine: what the code under test logs is judged and not printed, and where it pauses or
 * draws lots without a clock or a source of its own (between two tries), the time and the chance are the world's.
 */
export async function apart<T>(world: World, work: () => Promise<T>): Promise<T> {
  const { log } = console;
  const { random } = Math;
  const { setTimeout: pause } = timers;
  const { setTimeout, clearTimeout } = globalThis;
  const { timeline, chance, judge } = world;
  console.log = (line: string) => judge.logged(line);
  Math.random = () => chance.next();
  timers.setTimeout = ((ms = 0) => new Promise<void>((resolve) => timeline.after(ms, resolve))) as typeof pause;
  globalThis.setTimeout = ((call: () => void, ms = 0) => timeline.after(ms, call)) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((stop?: () => void) => stop?.()) as unknown as typeof clearTimeout;
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    console.log = log;
    Math.random = random;
    timers.setTimeout = pause;
    globalThis.setTimeout = setTimeout;
    globalThis.clearTimeout = clearTimeout;
    syncBuiltinESMExports();
  }
}
