import { type AppSettings, policyFor } from '../../core/policy.ts';
import { claimTag, fateOf, type SlotEntry } from '../../core/slots.ts';
import { LEASE_SKEW_MS, type Task } from '../../core/task.ts';
import { type FailureRequest, putFailures } from '../bus.ts';
import { Store } from '../store.ts';
import { claimBatch, claimLevel, readable } from './claims.ts';
import type { Waiting } from './lanes.ts';
import { type Held, Ledger } from './ledger.ts';
import type { Ports } from './ports.ts';
import type { Publisher } from './publisher.ts';

/** How long to wait for what comes of an expiry that was reported, or for somebody to mend a row that nobody can read. */
const SET_ASIDE_MS = 60_000;

/** What a claim needs to know of a task, from an index or from its row. */
export type Target = Pick<Waiting, 'id' | 'name' | 'rev' | 'level' | 'deadlineAt' | 'dueAt'>;

/** What an app's slots hold in one run, and what becomes of each entry: claimed, told, told again, freed, reported as expired. */
export class Entries {
  /** Tasks claimed, and expired leases reported. */
  readonly counts = { claimed: 0, expired: 0 };
  readonly ledger: Ledger;
  readonly #ports: Ports;
  readonly #settings: AppSettings;
  readonly #nonce: string;
  readonly #store: Store;
  readonly #publisher: Publisher;

  /** `nonce`: the run's own, in the tag of each of its claims. */
  constructor(ports: Ports, settings: AppSettings, nonce: string, publisher: Publisher) {
    this.#ports = ports;
    this.#settings = settings;
    this.#nonce = nonce;
    this.#store = new Store(ports.dynamo, ports.table);
    this.#publisher = publisher;
    this.ledger = new Ledger(ports.dynamo, this.#store, settings.app, settings.maxInFlight, nonce);
  }

  /** Entries that SNS is not known to have accepted, and that this run does not hold in its outbox: another run left them. */
  get unsure(): Held[] {
    return this.ledger.held.filter(({ entry }) => !entry.published && !this.#publisher.has(entry.id));
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
    const instants = this.ledger.held.map(({ entry }) => (entry.published ? entry.leaseUntil + LEASE_SKEW_MS : 0));
    return Math.min(Number.POSITIVE_INFINITY, ...instants);
  }

  /** The entry under which a task is to be claimed. */
  entryOf({ id, name, rev, dueAt }: Target, now: number): SlotEntry {
    return { id, rev, leaseUntil: Math.max(dueAt, now) + policyFor(this.#settings, name).leaseMs, published: false };
  }

  /** Claims rows under entries that the slot's row holds, and has them told. */
  async claim(slot: number, targets: readonly Target[], entries: readonly SlotEntry[]): Promise<void> {
    const now = this.#ports.clock.now();
    const claims = entries.map(({ id, rev, leaseUntil }, i) => {
      const target = targets[i] as Target;
      return { id, rev, leaseUntil, tag: claimTag(slot, rev, this.#nonce), level: claimLevel(target, target.dueAt, now) };
    });
    const rows = await claimBatch(this.#store, claims, now);
    entries.forEach((entry, i) => {
      const task = rows.get(entry.id);
      const held = { slot, entry };
      if (task === 'unreadable') this.#setAside(held, now);
      else if (!task || fateOf(entry, slot, task) === 'free') this.ledger.freed(held);
      // Under another run's tag it is that run's to tell; still unclaimed, it is claimed at the next turn.
      else if (task.claimedBy === claims[i]?.tag) {
        this.counts.claimed++;
        this.#tell(held, task);
      }
    });
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
      const fate = task === 'unreadable' ? 'out' : fateOf(one.entry, one.slot, task);
      if (fate === 'free') this.ledger.freed(one);
      else if (task === undefined || task === 'unreadable') this.#setAside(one, now);
      else if (fate === 'unclaimed') {
        if (consistent) await this.claim(one.slot, [task], [this.entryOf({ ...task, rev: one.entry.rev }, now)]);
      } else if ((task.leaseUntil ?? 0) + LEASE_SKEW_MS > now) this.#tell(one, task);
      // Not where it is only looked at early: it was reported within the minute.
      else if (one.entry.leaseUntil + LEASE_SKEW_MS <= now) {
        expired.push({ held: one, request: { type: 'expire', id: task.id, claim: task.claim } });
      }
    }
    await this.#reportExpired(expired, now);
  }

  /** Out under its entry: its lease ends when the row says so; what SNS is not known to have accepted is told. */
  #tell(held: Held, task: Task): void {
    this.ledger.leased(held, task.leaseUntil ?? 0);
    if (!held.entry.published && !this.#publisher.has(task.id)) this.#publisher.add({ task, held });
  }

  /** It keeps its place and stops nobody; it is looked at again in a while. */
  #setAside(held: Held, now: number): void {
    this.ledger.published(held);
    this.ledger.leased(held, now + SET_ASIDE_MS);
  }

  /** At most once a minute for each: the failure Lambda decides, and the row moves on. */
  async #reportExpired(expired: readonly { held: Held; request: FailureRequest }[], now: number): Promise<void> {
    const requests = expired.map(({ request }) => request);
    await putFailures(this.#ports.events, this.#ports.bus, requests, now);
    this.counts.expired += expired.length;
    for (const { held } of expired) this.#setAside(held, now);
  }
}
