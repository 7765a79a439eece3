import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ENV } from '../../contract/environment.ts';
import { pascalCase } from '../../infra/pascal-case.ts';
import { assumeRole, credentialsEnvironment } from '../../localstack/assumeRole.ts';
import type { Deployment } from './deployment.ts';
import { until } from './until.ts';

const SCRIPT = fileURLToPath(new URL('worker.ts', import.meta.url));

/** What `worker.ts` tells of a notification. */
export interface Heard {
  readonly id: string;
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly claim: number;
  readonly attempt: number;
  readonly priority: string;
  readonly dueAt: number;
  readonly leaseUntil: number;
  readonly heardAt: number;
  readonly pid: number;
}

/** A worker of an app in a process of its own, with the credentials of the app's worker role and no others. */
export class WorkerProcess {
  readonly heard: Heard[] = [];
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.heard.push(JSON.parse(line) as Heard));
  }

  static async start(deployment: Pick<Deployment, 'aws' | 'output'>, app: string, names: readonly string[]): Promise<WorkerProcess> {
    const prefix = pascalCase(app);
    const credentials = await assumeRole(deployment.aws, deployment.output(`${prefix}WorkerRole`));
    const child = spawn(process.execPath, ['--import', 'tsx', SCRIPT, ...names], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: {
        ...process.env,
        ...deployment.aws.env,
        ...credentialsEnvironment(credentials),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        [ENV.apps]: JSON.stringify({ [app]: { report: deployment.output(`${prefix}ReportArn`) } }),
        [ENV.queueUrl]: deployment.output(`${prefix}QueueUrl`),
      },
    });
    return new WorkerProcess(child);
  }

  /** The notifications of a task, once there are as many; what the worker tells may come after what the queue says. */
  heardOf(id: string, count = 1): Promise<Heard[]> {
    return until(`${count} notifications of ${id}`, () => {
      const own = this.heard.filter((heard) => heard.id === id);
      return own.length >= count && own;
    });
  }

  /** The handlers of these names fail from now on, those of all others do not. */
  breakDown(names: readonly string[]): void {
    this.#child.send({ broken: names });
  }

  /** At once, without a word. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
