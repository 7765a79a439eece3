import type { TestProject } from 'vitest/node';
import { startLocalAws } from '../localstack/startLocalAws.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The local AWS of this run, without what cannot be handed to another process. */
    localAws: { endpoint: string; region: string; backend: string; emulator: string; enforcesIam: boolean; env: Record<string, string> };
  }
}

/** Starts one local AWS for all tests of a run that need it, and stops it after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...aws } = await startLocalAws();
  project.provide('localAws', JSON.parse(JSON.stringify(aws)));
  return stop;
}
