import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { PunctualClient } from '../../client/index.ts';
import { ENV } from '../../contract/environment.ts';
import { pascalCase } from '../../infra/pascal-case.ts';
import { assumeRole, credentialsEnvironment } from '../../localstack/assumeRole.ts';
import type { LocalAws } from '../../localstack/localAws.ts';
import { OUTPUTS } from './stack.ts';
import type { Heard } from './worker.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Whoever enqueues for an app: may use its submit door, and nothing else. */
export async function enqueuer(aws: LocalAws, outputs: Record<string, string>, app: string): Promise<PunctualClient> {
  const prefix = pascalCase(app);
  const credentials = await assumeRole(aws, outputs[`${prefix}${OUTPUTS.enqueuerRole}`] ?? '');
  const lambda = new LambdaClient({ region: aws.region, endpoint: aws.endpoint, credentials });
  return new PunctualClient({ lambda, submitArn: outputs[`${prefix}SubmitArn`] });
}

/** A worker's process. */
export interface Working {
  /** Its handlers fail no more. */
  mend(): void;
  stop(): Promise<void>;
  /** How it ended. */
  readonly died: Promise<string>;
}

/** Starts the worker of an app in a process of its own, as a role that may only work; `heard` is told of each notification. */
export async function startWorker(
  aws: LocalAws,
  outputs: Record<string, string>,
  app: string,
  names: readonly string[],
  heard: (heard: Heard) => void,
): Promise<Working> {
  const prefix = pascalCase(app);
  const credentials = await assumeRole(aws, outputs[`${prefix}${OUTPUTS.workerRole}`] ?? '');
  const child = spawn(process.execPath, ['--import', 'tsx', WORKER, app, ...names], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // A process group of its own: Ctrl-C reaches it by way of us, in order.
    detached: true,
    env: {
      ...process.env,
      ...aws.env,
      ...credentialsEnvironment(credentials),
      [ENV.apps]: JSON.stringify({ [app]: { report: outputs[`${prefix}ReportArn`] } }),
      [ENV.queueUrl]: outputs[`${prefix}${OUTPUTS.queueUrl}`],
    },
  });
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => heard(JSON.parse(line) as Heard));
  const died = once(child, 'exit').then(([code, signal]) => String(signal ?? `exit code ${code}`));
  return { mend: () => child.send('mended'), stop: () => end(child), died };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
