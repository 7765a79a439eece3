import { join } from 'node:path';
import { ENV } from '../../contract/environment.ts';
import { assumeRole, credentialsEnvironment } from '../../localstack/assumeRole.ts';
import type { Deployment } from '../e2e/deployment.ts';
import { Actor } from './actor.ts';
import type { Network } from './network.ts';
import type { Spread } from './requests.ts';

const FINISH_MS = 60_000;

/** What a crew is made of. */
export interface CrewParts {
  readonly deployment: Deployment;
  readonly network: Network;
  /** Where the journals are. */
  readonly folder: string;
  readonly seed: number;
  readonly spread: Spread;
}

/** All enqueuers and workers, each a process with the credentials of its role, behind the network. */
export class Crew {
  readonly enqueuers = new Map<string, Actor>();
  readonly workers = new Map<string, Actor>();
  readonly #parts: CrewParts;
  #count = 0;
  #isOver = false;

  constructor(parts: CrewParts) {
    this.#parts = parts;
  }

  /** A worker is never the same again: each has a journal of its own. */
  async addWorker(): Promise<void> {
    const name = `worker-${++this.#count}`;
    const { deployment, network, folder } = this.#parts;
    const queue = new URL(deployment.output('SoakQueueUrl'));
    queue.host = new URL(network.endpoint).host;
    const env = await this.#environment('SoakWorkerRole', { [ENV.queueUrl]: queue.href });
    this.workers.set(name, new Actor({ script: 'worker.ts', arguments: [join(folder, `${name}.jsonl`)], env }));
  }

  /** One of a name that was there before goes on with its journal. */
  async addEnqueuer(name: string): Promise<void> {
    const { folder, seed, spread } = this.#parts;
    const env = await this.#environment('SoakEnqueuerRole', {});
    const journal = join(folder, `enqueuer-${name}.jsonl`);
    this.enqueuers.set(name, new Actor({ script: 'enqueuer.ts', arguments: [journal, name, String(seed), JSON.stringify(spread)], env }));
  }

  /** Nobody is paused, and whoever enqueues brings its last call to an end. */
  async finishEnqueuing(): Promise<void> {
    for (const actor of this.#all) actor.resume();
    await Promise.all([...this.enqueuers.values()].map((actor) => actor.finish(FINISH_MS)));
  }

  async finish(): Promise<void> {
    await Promise.all([...this.workers.values()].map((actor) => actor.finish(FINISH_MS)));
  }

  /** Nobody is added any more, either. */
  async kill(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#all.map((actor) => actor.kill()));
  }

  get #all(): Actor[] {
    return [...this.enqueuers.values(), ...this.workers.values()];
  }

  async #environment(role: string, more: Record<string, string>): Promise<Record<string, string>> {
    const { deployment, network } = this.#parts;
    const credentials = await assumeRole(deployment.aws, deployment.output(role));
    if (this.#isOver) throw new Error('the soak is over: nobody is started any more');
    const doors = { submit: deployment.output('SoakSubmitArn'), report: deployment.output('SoakReportArn') };
    return {
      ...deployment.aws.env,
      ...credentialsEnvironment(credentials),
      AWS_ENDPOINT_URL: network.endpoint,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      [ENV.apps]: JSON.stringify({ soak: doors }),
      ...more,
    };
  }
}
