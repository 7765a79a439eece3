import type { AppSettings } from '../../core/policy.ts';
import { Cloud } from './aws/cloud.ts';
import { Chance } from './chance.ts';
import { type FaultLimits, Faults } from './faults.ts';
import { History } from './history.ts';
import { Judge } from './judge.ts';
import type { Deployment } from './plan.ts';
import { Process } from './process.ts';
import { Timeline } from './timeline.ts';

/** Each history begins later than the one before it in this process: stamps of arrival only ever grow. */
const FIRST_BEGINNING = Date.UTC(2026, 11, 24, 8);
const APART_MS = 3 * 3_600_000;
/** For so long after a deployment some functions are still as they were before. Milliseconds. */
const DEPLOYING_MS = 60_000;
let histories = 0;

/** One history's world: its time, its AWS, what goes wrong in it, and who watches. */
export class World {
  readonly beginning = FIRST_BEGINNING + APART_MS * histories++;
  readonly timeline = new Timeline(this.beginning);
  readonly history = new History(this.beginning, () => this.timeline.now);
  readonly chance: Chance;
  readonly faults: Faults;
  readonly cloud: Cloud;
  readonly judge: Judge;
  readonly #settings: AppSettings;
  #deployed: Deployment[];
  /** Starts a dispatcher, as an asynchronous invocation of their function does. */
  invoke: (part: number, goesOn?: boolean) => void = () => {};

  constructor(seed: number, settings: AppSettings, limits: FaultLimits, isFree = false) {
    this.#settings = settings;
    this.#deployed = [{ atMs: Number.NEGATIVE_INFINITY, dispatchers: 1, shards: settings.shards }];
    this.chance = new Chance(seed, 'course');
    this.faults = new Faults(new Chance(seed, 'faults'), limits);
    this.faults.listener = (kind) => this.history.tell(`FAULT  ${kind}`);
    this.cloud = new Cloud(this.timeline, this.faults, {
      wrote: (id, before, after, by) => this.judge.wrote(id, before, after, by),
      accepted: (body, by) => this.judge.told(body, by),
      refused: () => this.judge.refused(),
      shown: (items, to) => this.judge.shown(items, to),
      invalid: (message, by) => this.judge.invalid(message, by),
      invoked: (part, goesOn) => this.invoke(part, goesOn),
    });
    this.judge = new Judge(this.cloud.table.rows, settings, this.history, isFree);
  }

  deploy(deployment: Deployment): void {
    // What is there from the beginning is never in the course of being deployed.
    if (deployment.atMs === 0) this.#deployed = [];
    this.#deployed.push(deployment);
    this.history.tell(`deployed: ${deployment.dispatchers} dispatchers, ${deployment.shards} shards`);
  }

  /** What a function is deployed with that is asked now. */
  get deployed(): Deployment {
    const latest = this.#deployed.at(-1) as Deployment;
    const isDeploying = this.timeline.now - this.beginning < latest.atMs + DEPLOYING_MS;
    return (isDeploying && this.chance.hits(0.5) ? this.#deployed.at(-2) : undefined) ?? latest;
  }

  get settings(): AppSettings {
    return { ...this.#settings, shards: this.deployed.shards };
  }

  process(name: string): Process {
    return new Process(name, this.timeline, this.cloud, this.faults);
  }
}
