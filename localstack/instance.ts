import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { askHealth } from './health.ts';
import type { Backend } from './localAws.ts';
import { isRunning } from './processes.ts';

/** The one that `npm run local -- up` started, as `.punctual/local.json` keeps it. */
export interface Instance {
  backend: Backend;
  port: number;
  endpoint: string;
  region: string;
  /** The emulator's process, where it is one of ours. */
  pid?: number;
}

/** Writes it down for later commands. */
export function rememberInstance(folder: string, instance: Instance): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileIn(folder), `${JSON.stringify(instance, null, 2)}\n`);
}

/** Removes the note. */
export function forgetInstance(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}

/** The one that is up; a note about one that is not (or that cannot be read) is removed. */
export async function currentInstance(folder: string): Promise<Instance | undefined> {
  const noted = read(fileIn(folder));
  if (noted && (await isUp(noted))) return noted;
  forgetInstance(folder);
  return undefined;
}

async function isUp({ pid, endpoint }: Instance): Promise<boolean> {
  return pid === undefined ? (await askHealth(endpoint))?.emulator === 'localstack' : isRunning(pid, 'ministack');
}

function read(file: string): Instance | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Instance;
  } catch {
    return undefined;
  }
}

function fileIn(folder: string): string {
  return join(folder, 'local.json');
}
