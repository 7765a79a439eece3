import type { Cloud } from '../../../test/simulation/aws/cloud.ts';
import { Chance } from '../../../test/simulation/chance.ts';
import { Faults } from '../../../test/simulation/faults.ts';
import { Process } from '../../../test/simulation/process.ts';
import type { Timeline } from '../../../test/simulation/timeline.ts';

/** How long each kind of call takes, from asking to the answer, and how far the indexes are behind. Whole milliseconds. */
export const LATENCY = { read: 5, write: 15, publish: 20, other: 10, index: 10 } as const;

const KIND: Readonly<Record<string, keyof typeof LATENCY>> = {
  GetItemCommand: 'read',
  QueryCommand: 'read',
  BatchGetItemCommand: 'read',
  UpdateItemCommand: 'write',
  BatchExecuteStatementCommand: 'write',
  PublishBatchCommand: 'publish',
};

/** Nothing goes wrong, and the index is always as far behind. */
export class NoFaults extends Faults {
  constructor() {
    super(new Chance(1, 'no faults'), { faults: 0 });
  }

  override lagMs = (): number => LATENCY.index;
}

/** Hears of each call once its answer is there. */
export type CallListener = (command: string, input: unknown, output: object) => void;

/** A process whose calls take as long as was set: half of it on the way there, the rest on the way back. */
export class Machine extends Process {
  readonly #timeline: Timeline;
  readonly #cloud: Cloud;
  readonly #answered: CallListener;

  constructor(name: string, timeline: Timeline, cloud: Cloud, answered: CallListener = () => {}) {
    super(name, timeline, cloud, new NoFaults());
    this.#timeline = timeline;
    this.#cloud = cloud;
    this.#answered = answered;
  }

  override client<C>(): C {
    return { send: (command: { input: unknown }) => this.#send(command.constructor.name, command.input) } as unknown as C;
  }

  async #send(command: string, input: unknown): Promise<object> {
    const latency = LATENCY[KIND[command] ?? 'other'];
    const there = Math.ceil(latency / 2);
    await this.#wait(there);
    let output: object | undefined;
    let refusal: unknown;
    try {
      output = this.#cloud.execute(command, input, this);
    } catch (error) {
      refusal = error;
    }
    await this.#wait(latency - there);
    if (!output) throw refusal;
    this.#answered(command, input, output);
    return output;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#timeline.after(ms, resolve));
  }
}
