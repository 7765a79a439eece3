interface Event {
  readonly at: number;
  readonly order: number;
  call: (() => void) | undefined;
}

/** Lets all that can go on without time passing come to its end. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Virtual time: what is to happen, each at its instant. Between two events all code that can run has run. */
export class Timeline {
  now: number;
  steps = 0;
  readonly #heap: Event[] = [];
  #order = 0;

  constructor(now: number) {
    this.now = now;
  }

  /** Calls `call` after `ms`, in whole milliseconds as timers have them; the answer takes it back. */
  after(ms: number, call: () => void): () => void {
    const event: Event = { at: this.now + Math.max(0, Math.trunc(ms)), order: this.#order++, call };
    this.#push(event);
    return () => {
      event.call = undefined;
    };
  }

  /** Lets time pass until `until`, or until `isDone`, which is asked now and then. */
  async pass(until: number, isDone: () => boolean = () => false): Promise<void> {
    await settled();
    for (let i = 0; ; i++) {
      if (i % 32 === 0 && isDone()) return;
      const next = this.#heap[0];
      if (!next || next.at > until) break;
      this.#pop();
      if (!next.call) continue;
      this.now = Math.max(this.now, next.at);
      this.steps++;
      next.call();
      await settled();
    }
    this.now = Math.max(this.now, until);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
