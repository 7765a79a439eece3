import type { Client } from '@smithy/types';

/** What an SDK client was asked: the operation's name without `Command`, and its input. */
export interface Call {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of a dozen operations, read by tests that know which.
  readonly input: any;
}

/** What a fault makes of a call: see {@link Faults.inject}. */
export type Fault =
  /** The request never leaves, and the caller learns so. */
  | 'not sent'
  /** It is carried out, but the answer does not arrive; the SDK tries again. */
  | 'answer lost'
  /** It is carried out, but the answer does not arrive, and the SDK gives up. */
  | 'answer lost for good'
  /** The request never leaves, and nothing ever comes back. */
  | 'hangs'
  /** It is carried out, but nothing ever comes back. */
  | 'answer hangs'
  /** What the service answers instead of carrying it out. */
  | Error
  /** What happens before the request leaves: it waits for that. */
  | { readonly before: () => Promise<unknown> }
  /** How the answer is changed on its way. */
  // biome-ignore lint/suspicious/noExplicitAny: the answers of a dozen operations.
  | { readonly answer: (output: any) => void };

/** One that the SDK answers with another try, and one that it hands on. */
const transient = () => Object.assign(new Error('no answer came'), { name: 'TimeoutError' });
const fatal = () => Object.assign(new Error('the connection was cut'), { name: 'CutOff' });
const never = () => new Promise<never>(() => {});

/**
 * Faults of one process's network, put into real SDK clients at the step `deserialize`, which runs inside the SDK's own
 * retries: what throws before `next` was not sent, what throws after it was carried out.
 */
export class Faults {
  /** Every call that was made, in order. */
  readonly calls: Call[] = [];
  #inFlight = 0;
  #dead = false;
  #plan: { matches: (call: Call) => boolean; fault: Fault; left: number }[] = [];

  /** Does `fault` to the next `times` calls that match. */
  inject(name: string, fault: Fault, { times = 1, when = () => true }: { times?: number; when?: (call: Call) => boolean } = {}): void {
    this.#plan.push({ matches: (call) => call.name === name && when(call), fault, left: times });
  }

  clear(): void {
    this.#plan = [];
  }

  /** From now on nothing leaves, and nothing comes back: what a process that is dead asks. */
  die(): void {
    this.#dead = true;
  }

  /** Calls under way. */
  get inFlight(): number {
    return this.#dead ? 0 : this.#inFlight;
  }

  count(name: string, when: (call: Call) => boolean = () => true): number {
    return this.calls.filter((call) => call.name === name && when(call)).length;
  }

  // biome-ignore lint/suspicious/noExplicitAny: clients of five services, whose stacks take the same middleware.
  watch<C extends Client<any, any, any>>(client: C): C {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const call = { name: String(context.commandName).replace(/Command$/, ''), input: args.input };
        this.calls.push(call);
        if (this.#dead) return never();
        this.#inFlight++;
        try {
          const result = await next(args);
          const changed = this.#planned(call, true);
          if (changed) (changed as { answer(output: unknown): void }).answer(result.output);
          return this.#dead ? await never() : result;
        } finally {
          this.#inFlight--;
        }
      },
      { step: 'initialize', priority: 'high', name: 'watched' },
    );
    client.middlewareStack.add(
      (next, context) => (args) =>
        this.#suffer({ name: String(context.commandName).replace(/Command$/, ''), input: args.input }, () => next(args)),
      { step: 'deserialize', priority: 'low', name: 'faults' },
    );
    return client;
  }

  async #suffer<T>(call: Call, next: () => Promise<T>): Promise<T> {
    const fault = this.#planned(call, false);
    if (fault === undefined) return next();
    if (fault === 'not sent') throw fatal();
    if (fault instanceof Error) throw fault;
    if (fault === 'hangs') return this.#aside(never);
    if (typeof fault === 'object') {
      if ('before' in fault) await this.#aside(fault.before);
      return next();
    }
    await next();
    if (fault === 'answer lost') throw transient();
    if (fault === 'answer lost for good') throw fatal();
    return this.#aside(never);
  }

  /** The fault that the call is to suffer. Answers are changed once they have been read, all others happen before. */
  #planned(call: Call, isRead: boolean): Fault | undefined {
    const isForRead = (fault: Fault) => typeof fault === 'object' && 'answer' in fault;
    const planned = this.#plan.find(({ matches, fault, left }) => left > 0 && isForRead(fault) === isRead && matches(call));
    if (planned) planned.left--;
    return planned?.fault;
  }

  /** What is waited for here is no work under way. */
  async #aside<T>(work: () => Promise<T>): Promise<T> {
    this.#inFlight--;
    const result = await work();
    this.#inFlight++;
    return result;
  }
}
