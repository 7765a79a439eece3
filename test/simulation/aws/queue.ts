// An SQS standard queue, after "Amazon SQS standard queues" of its guide: at least once, in nearly any order.
import type { Faults } from '../faults.ts';
import type { Timeline } from '../timeline.ts';

export interface Message {
  readonly messageId: string;
  readonly body: string;
  /** How often it was handed out. */
  receives: number;
  isDeleted: boolean;
}

/** Hands each message to whoever listens, again and again until it is deleted. */
export class Queue {
  listener: (message: Message) => void = () => {};
  readonly #timeline: Timeline;
  readonly #faults: Faults;
  readonly #name: string;
  readonly #visibilityMs: number;
  readonly #maxReceives: number;
  #sent = 0;
  /** Messages that are not deleted. */
  left = 0;

  constructor(timeline: Timeline, faults: Faults, name: string, visibilityMs: number, maxReceives: number) {
    this.#timeline = timeline;
    this.#faults = faults;
    this.#name = name;
    this.#visibilityMs = visibilityMs;
    this.#maxReceives = maxReceives;
  }

  send(body: string): void {
    const copies = this.#faults.hits('message twice') ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const message: Message = { messageId: `${this.#name}-${++this.#sent}`, body, receives: 0, isDeleted: false };
      this.left++;
      this.#timeline.after(this.#faults.deliveryMs(), () => this.#hand(message));
    }
  }

  delete(message: Message): void {
    if (!message.isDeleted) this.left--;
    message.isDeleted = true;
    // A standard queue may hand out once more what was deleted.
    if (this.#faults.hits('deleted message again')) this.#timeline.after(this.#faults.deliveryMs(), () => this.listener(message));
  }

  #hand(message: Message): void {
    if (message.isDeleted) return;
    if (message.receives >= this.#maxReceives) {
      // Into the dead-letter queue.
      this.delete(message);
      return;
    }
    message.receives++;
    this.#timeline.after(this.#visibilityMs, () => this.#hand(message));
    this.listener(message);
  }
}
