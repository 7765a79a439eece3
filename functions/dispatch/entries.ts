import { isLateByClaim } from '../../core/decision.ts';
import { type AppSettings, policyFor } from '../../core/policy.ts';
import { claimTag, fateOf, type SlotEntry } from '../../core/slots.ts';
import type { Share } from '../../core/split.ts';
import { LEASE_SKEW_MS, type Task, type TaskError } from '../../core/task.ts';
import { type FailureRequest, putFailures } from '../bus.ts';
import type { Waiting } from '../lane-query.ts';
import { STATEMENTS_PER_BATCH, Store } from '../store.ts';
import { type Aside, SET_ASIDE_MS } from './aside.ts';
import { type Claim, claimBatch, claimLevel, readable } from './claims.ts';
import { Ledger, type Place } from './ledger.ts';
import type { Outgoing } from './outbox.ts';
import type { Ports } from './ports.ts';
import { Publisher } from './publisher.ts';
import type { Held } from './slot-memory.ts';

const UNREADABLE = 'The row cannot be read as a task.';

/** What a claim needs to know of a task, from an index or from its row. */
export type Target = Pick<Waiting, 'id' | 'name' | 'rev' | 'level' | 'deadlineAt' | 'dueAt' | 'traits'>;

/** A task to be claimed, and the slot's entry under which it is. */
export interface Candidate extends Held {
  readonly target: Target;
}

/** What an app's slots hold in one run, and what becomes of each entry: claimed, told, told again, freed, reported as expired. */
export class Entries {
  /** Tasks claimed, expired leases reported, and tasks found to be completed. */
  readonly counts = { claimed: 0, expired: 0, completed: 0 };
  readonly ledger: Ledger;
  /** The shards that are on record: what ends with its claim is listed in one of them. */
  shards = 1;
  readonly #ports: Ports;
  readonly #settings: AppSettings;
  readonly #nonce: string;
  readonly #store: Store;
  readonly #publisher: Publisher;
  readonly #aside: Aside;
  /** Until when entries are left alone that wait for the failure function. */
  readonly #asideUntil = new Map<string, number>();

  /** `nonce`: the run's own, in the tag of each of its claims. */
  constructor(ports: Ports, settings: AppSettings, nonce: string, aside: Aside, share?: Share) {
    this.#ports = ports;
    this.#settings = settings;
    this.#nonce = nonce;
    this.#store = new Store(ports.dynamo, ports.table);
    this.#aside = aside;
    this.#publisher = new Publisher(ports.sns, ports.clock, settings, {
      accepted: (outgoing) => this.#accepted(outgoing),
      refused: (outgoing, error) => this.#refused(outgoing, error),
    });
    this.ledger = new Ledger(ports.dynamo, this.#store, settings.app, settings.maxInFlight, nonce, share);
  }

  get publisher(): Publisher {
    return this.#publisher;
  }

  /** Entries that SNS is not known to have accepted, and that this run does not hold in its outbox: another run left them. */
  unsure(now: number): Held[] {
    const isLeftAlone = (one: Held) => (this.#asideUntil.get(keyOf(one)) ?? 0) > now;
    return this.ledger.held.filter((one) => !one.entry.published && !this.#publisher.has(one.entry.id) && !isLeftAlone(one));
  }

  /** Entries whose lease, with its skew, ends by `at`. */
  endingBy(at: number): Held[] {
    return this.ledger.held.filter(({ entry }) => entry.published && entry.leaseUntil + LEASE_SKEW_MS <= at);
  }

  /**
   * When some entry must be looked at: at once if SNS is not known to have accepted it, else at its lease's end.
   * Epoch ms; Infinity if none is held or known.
   */
  get lookAt(): number {
    const instants = this.ledger.held.map((one) =>
      one.entry.published ? one.entry.leaseUntil + LEASE_SKEW_MS : (this.#asideUntil.get(keyOf(one)) ?? 0),
    );
    return Math.min(Number.POSITIVE_INFINITY, ...instants);
  }

  /** The entry under which a task is to be claimed. */
  entryOf({ id, name, rev, dueAt }: Target, now: number): SlotEntry {
    return { id, rev, leaseUntil: Math.max(dueAt, now) + policyFor(this.#settings, name).leaseMs, published: false };
  }

  /** The first of the targets in their order, as many as the places have room for, each with its entry. */
  candidates(targets: readonly Target[], places: readonly Place[], now: number): Candidate[] {
    const candidates: Candidate[] = [];
    for (const { slot, room } of places) {
      for (const target of targets.slice(candidates.length, candidates.length + room)) {
        candidates.push({ slot, entry: this.entryOf(target, now), target });
      }
    }
    return candidates;
  }

  /**
   * Claims rows under entries that the slots' rows hold, and has them told: none before all are through, because one of a later
   * batch could go out first. Throws then, if a batch failed.
   */
  async claim(candidates: readonly Candidate[]): Promise<void> {
    const batches: Promise<() => void>[] = [];
    for (let from = 0; from < candidates.length; from += STATEMENTS_PER_BATCH) {
      batches.push(this.#claim(candidates.slice(from, from + STATEMENTS_PER_BATCH)));
    }
    const done = await Promise.allSettled(batches);
    for (const one of done) if (one.status === 'fulfilled') one.value();
    for (const one of done) if (one.status === 'rejected') throw one.reason;
  }

  /** Answers what is to be done with the rows of a batch. */
  async #claim(candidates: readonly Candidate[]): Promise<() => void> {
    const now = this.#ports.clock.now();
    const claims: Claim[] = [];
    for (const { slot, entry, target } of candidates) {
      const { id, rev, leaseUntil } = entry;
      const tag = claimTag(slot, rev, this.#nonce);
      claims.push({ ...traitsOf(target), id, rev, leaseUntil, tag, level: claimLevel(target, target.dueAt, now) });
    }
    const rows = await claimBatch(this.#store, claims, now, { ...this.#settings, shards: this.shards });
    return () => {
      for (const [i, candidate] of candidates.entries()) this.#claimed(candidate, rows.get(candidate.entry.id), claims[i]?.tag, now);
    };
  }

  #claimed({ slot, entry }: Held, task: Task | 'unreadable' | 'quarantined' | undefined, tag: string | undefined, now: number): void {
    const held = { slot, entry };
    if (task === 'unreadable') this.#quarantine(held, now);
    else if (task === 'quarantined' || !task || fateOf(entry, slot, task) === 'free') this.ledger.freed(held);
    // Under another run's tag it is that run's to tell; still unclaimed, it is claimed at the next turn.
    else if (task.claimedBy === tag) {
      this.counts.claimed++;
      this.#tell(held, task);
    }
  }

  /**
   * Reads the rows of entries and does what their fate asks for. By a reading that may be behind (`consistent` false) entries
   * are only freed, found out, or found expired: those are true for ever.
   */
  async examine(held: readonly Held[], consistent: boolean): Promise<void> {
    if (held.length === 0) return;
    const ids = held.map(({ entry }) => entry.id);
    const rows = readable(await this.#store.readItems(ids, consistent));
    const now = this.#ports.clock.now();
    const expired: { held: Held; request: FailureRequest }[] = [];
    for (const one of held) {
      const task = rows.get(one.entry.id);
      if (!task && !consistent) continue;
      if (task === 'unreadable') this.#quarantine(one, now);
      else if (task === 'quarantined' || !task) this.ledger.freed(one);
      else {
        const fate = fateOf(one.entry, one.slot, task);
        if (fate === 'free') this.#free(one, task);
        else if (fate === 'unclaimed') {
          // Behind a pause too: it was nominated before, and a claim may be under way.
          if (consistent) await this.claim([{ slot: one.slot, entry: this.entryOf({ ...task, rev: one.entry.rev }, now), target: task }]);
        } else if (isToBeTold(task, now)) this.#tell(one, task);
        // Not where it is only looked at early: it was reported within the minute.
        else if (!one.entry.published || one.entry.leaseUntil + LEASE_SKEW_MS <= now) {
          expired.push({ held: one, request: this.#expiryOf(one, task) });
        }
      }
    }
    await this.#reportExpired(expired, now);
  }

  #free(held: Held, { state }: Task): void {
    this.ledger.freed(held);
    if (state === 'completed') this.counts.completed++;
  }

  /** Out under its entry: its lease ends when the row says so; what SNS is not known to have accepted is told. */
  #tell(held: Held, task: Task): void {
    const { leaseUntil = 0 } = task;
    if (leaseUntil !== held.entry.leaseUntil) this.ledger.leased(held, leaseUntil);
    if (held.entry.published || this.#publisher.has(task.id)) return;
    this.#publisher.add({ task, held });
    const { id, name, deadlineAt } = task;
    if (isLateByClaim(task) && deadlineAt !== undefined) this.#aside.add({ type: 'late', id, name, deadlineAt });
  }

  #accepted({ held, task }: Outgoing): void {
    this.ledger.published(held);
    // Nobody will report it: it was done by this.
    if (task.state === 'completed') this.#free(held, task);
  }

  #refused({ held, task: { id, claim } }: Outgoing, error: TaskError): void {
    this.#aside.add({ type: 'refuse', id, claim, error });
    this.#setAside(held, this.#ports.clock.now());
  }

  #quarantine(held: Held, now: number): void {
    this.#aside.add({ type: 'quarantine', id: held.entry.id, reason: UNREADABLE });
    this.#setAside(held, now);
  }

  /** It keeps its place and stops nobody; it is looked at again in a while. */
  #setAside(held: Held, now: number): void {
    this.#asideUntil.set(keyOf(held), now + SET_ASIDE_MS);
    if (held.entry.published) this.ledger.leased(held, now + SET_ASIDE_MS);
  }

  #expiryOf({ entry }: Held, { id, claim }: Task): FailureRequest {
    if (entry.published) return { type: 'expire', id, claim };
    const code = this.#publisher.rejectionOf(id);
    const message = `SNS is not known to have accepted the notification before its lease ended${code === undefined ? '' : `; it answered ${code}`}.`;
    return { type: 'expire', id, claim, error: { name: 'NotPublished', message } };
  }

  /** At most once a minute for each: the failure Lambda decides, and the row moves on. */
  async #reportExpired(expired: readonly { held: Held; request: FailureRequest }[], now: number): Promise<void> {
    const requests = expired.map(({ request }) => request);
    await putFailures(this.#ports.events, this.#ports.bus, requests, now);
    this.counts.expired += expired.length;
    for (const { held } of expired) this.#setAside(held, now);
  }
}

/** Its lease runs; or it has none, because it is done once it has been told. */
const isToBeTold = ({ state, leaseUntil = 0 }: Task, now: number): boolean => state === 'completed' || leaseUntil + LEASE_SKEW_MS > now;

const traitsOf = ({ deadlineAt, traits }: Target): Pick<Task, 'deadlineAt' | 'traits'> => ({
  ...(deadlineAt === undefined ? {} : { deadlineAt }),
  ...(traits === undefined ? {} : { traits }),
});

const keyOf = ({ slot, entry }: Held): string => `${slot} ${entry.id} ${entry.rev}`;
