import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../simulation/chance.ts';
import type { Actor } from './actor.ts';
import type { Crew } from './crew.ts';
import { lambdaProcesses } from './lambdas.ts';
import { CALM, type Network } from './network.ts';

/** What can be done to the system, and how often each, against each other. */
export type Faults = Readonly<Record<FaultKind, number>>;
export const FAULT_KINDS = [
  'worker killed',
  'worker paused',
  'enqueuer killed',
  'emulator paused',
  'network bad',
  'network gone',
  'dispatcher killed',
  'failure function killed',
  'door killed',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Whom the nemesis can reach. */
export interface Victims {
  readonly crew: Crew;
  readonly network: Network;
  /** Where the Lambda processes are: of which stack, at which endpoint, of which process. */
  readonly lambdas: { readonly stack: string; readonly endpoint: string; readonly emulator: number | undefined };
  readonly leaseMs: number;
}

const BUSY_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 10;
const SHORT_PAUSE = 0.3;
const UNSEEN_FIRST = 0.8;
/** Beyond its time, for what was not possible in it: on a busy machine workers may have had nothing to be killed in. */
const MORE_MS = 60_000;
const FUNCTIONS = { 'dispatcher killed': /Dispatcher/, 'failure function killed': /Failure/, 'door killed': /Submit|Report/ } as const;

/** Does harm, by the seed, for its time or until it is told to stop; nothing of it is left then to be undone. */
export class Nemesis {
  readonly faults: Record<FaultKind, number>;
  readonly #victims: Victims;
  readonly #chance: Chance;
  readonly #weights: Faults;
  readonly #say: (kind: FaultKind) => void;
  readonly #end = new AbortController();
  readonly #pending = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();

  /** `say` hears of each fault as it is done. */
  constructor(victims: Victims, weights: Faults, chance: Chance, say: (kind: FaultKind) => void) {
    this.#victims = victims;
    this.#weights = weights;
    this.#chance = chance;
    this.#say = say;
    this.faults = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as Record<FaultKind, number>;
  }

  run(ms: number, everyMs: { readonly min: number; readonly max: number }): Promise<void> {
    this.#running = this.#run(ms, everyMs);
    return this.#running;
  }

  /** Resolves once it has let go: whoever it was about to start is there, and whom it paused for a while goes on. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running.catch(() => {});
  }

  async #run(ms: number, everyMs: { readonly min: number; readonly max: number }): Promise<void> {
    const until = performance.now() + ms;
    const wanted = FAULT_KINDS.filter((kind) => this.#weights[kind] > 0);
    for (let unseen = wanted; performance.now() < until + (unseen.length > 0 ? MORE_MS : 0); ) {
      await this.#pause(this.#chance.int(everyMs.min, everyMs.max));
      if (this.#end.signal.aborted) break;
      // A short soak has few: each kind once is worth more than the weights, though some may not be possible now.
      unseen = wanted.filter((kind) => this.faults[kind] === 0);
      const kind = unseen.length > 0 && this.#chance.hits(UNSEEN_FIRST) ? this.#chance.oneOf(unseen) : this.#chance.weighted(this.#weights);
      if (!(await this.#do(kind))) continue;
      this.faults[kind]++;
      this.#say(kind);
    }
    await Promise.all(this.#pending);
  }

  /** False: nobody was there to be harmed. */
  #do(kind: FaultKind): Promise<boolean> {
    switch (kind) {
      case 'worker killed':
        return this.#killWorker();
      case 'worker paused':
        return this.#pauseWorker();
      case 'enqueuer killed':
        return this.#killEnqueuer();
      case 'emulator paused':
        return this.#pauseEmulator();
      case 'network bad':
        return this.#spoilNetwork({ cut: 0.1, lost: 0.15, late: 0.15, twice: 0.5 }, 12_000);
      case 'network gone':
        return this.#spoilNetwork({ ...CALM, cut: 1 }, 4_000);
      case 'dispatcher killed':
      case 'failure function killed':
      case 'door killed':
        return this.#killLambda(FUNCTIONS[kind]);
      default:
        return kind satisfies never;
    }
  }

  async #killWorker(): Promise<boolean> {
    const { crew } = this.#victims;
    const name = await this.#busyOneOf(crew.workers);
    if (name === undefined) return false;
    await crew.workers.get(name)?.kill();
    crew.workers.delete(name);
    await crew.addWorker();
    return true;
  }

  /** One at a time, and mostly for longer than a lease: then somebody else has its tasks when it goes on. */
  async #pauseWorker(): Promise<boolean> {
    const { crew, leaseMs } = this.#victims;
    if ([...crew.workers.values()].some(({ isPaused }) => isPaused)) return false;
    const actor = crew.workers.get((await this.#busyOneOf(crew.workers)) ?? '');
    if (!actor) return false;
    actor.pause();
    const ms = this.#chance.hits(SHORT_PAUSE) ? this.#chance.int(500, leaseMs) : leaseMs + this.#chance.int(3_500, 6_500);
    this.#later(ms, () => actor.resume());
    return true;
  }

  /** Somewhere between its call and the answer. */
  async #killEnqueuer(): Promise<boolean> {
    const { crew } = this.#victims;
    const name = await this.#busyOneOf(crew.enqueuers);
    if (name === undefined) return false;
    await sleep(this.#chance.int(0, 40));
    await crew.enqueuers.get(name)?.kill();
    await crew.addEnqueuer(name);
    return true;
  }

  /** Its Lambda processes go on, and wait for it. */
  async #pauseEmulator(): Promise<boolean> {
    const { emulator } = this.#victims.lambdas;
    if (emulator === undefined) return false;
    if (!sent(emulator, 'SIGSTOP')) return false;
    await this.#pause(this.#chance.int(500, 6_000));
    return sent(emulator, 'SIGCONT');
  }

  async #spoilNetwork(weather: typeof CALM, longestMs: number): Promise<boolean> {
    const { network } = this.#victims;
    if (network.weather !== CALM) return false;
    network.weather = weather;
    this.#later(this.#chance.int(longestMs / 4, longestMs), () => {
      network.weather = CALM;
    });
    return true;
  }

  async #killLambda(which: RegExp): Promise<boolean> {
    const { stack, endpoint, emulator } = this.#victims.lambdas;
    const found = lambdaProcesses(stack, endpoint, emulator).filter(({ functionName }) => which.test(functionName));
    return found.length > 0 && sent(this.#chance.oneOf(found).pid, 'SIGKILL');
  }

  async #busyOneOf(actors: ReadonlyMap<string, Actor>): Promise<string | undefined> {
    for (const until = performance.now() + BUSY_WITHIN_MS; performance.now() < until; await sleep(LOOK_EVERY_MS)) {
      const busy = [...actors].filter(([, actor]) => actor.isBusy);
      if (busy.length > 0) return this.#chance.oneOf(busy)[0];
    }
    return undefined;
  }

  /** Undone at its time, or as soon as the nemesis ends. */
  #later(ms: number, undo: () => void): void {
    const undone = this.#pause(ms).then(() => {
      this.#pending.delete(undone);
      undo();
    });
    this.#pending.add(undone);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#end.signal }).catch(() => {});
  }
}

/** False: it has ended in the meantime. */
function sent(pid: number, signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
