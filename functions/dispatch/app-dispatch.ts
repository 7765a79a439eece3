import { inOrder } from '../../core/order.ts';
import { type AppSettings, policyFor } from '../../core/policy.ts';
import { claimTag, fateOf, SLOT_SIZE, type SlotEntry } from '../../core/slots.ts';
import { LEASE_SKEW_MS, LEVELS, type Level, type Task } from '../../core/task.ts';
import { type FailureRequest, putFailures } from '../bus.ts';
import { log, reasonOf } from '../log.ts';
import { Store } from '../store.ts';
import { claimBatch, claimLevel, readable } from './claims.ts';
import { Lanes, type Waiting } from './lanes.ts';
import { type Held, Ledger } from './ledger.ts';
import { BEAT_MS, type Ports, RING_WINDOW_MS, TICK_AHEAD_MS } from './ports.ts';
import { Publisher } from './publisher.ts';

/** Claimed tasks that may wait for SNS before claiming pauses. */
const OUTBOX_LIMIT = 100;
/** Entries looked at in one sweep of full slots. */
const SWEEP_SIZE = 100;
/** While an app is at its limit: how soon to look again for a free place, doubled each time in vain. */
const SWEEP_MS = { first: 250, last: 8_000 } as const;
/** How often to look at leases that end within a tick, and how long to wait for what comes of an expiry that was reported. */
const LOOK_MS = { soon: 10_000, expired: 60_000 } as const;

/** What a claim needs to know of a task, from an index or from its row. */
type Target = Pick<Waiting, 'id' | 'name' | 'rev' | 'level' | 'deadlineAt' | 'dueAt'>;

/** One app in one run: reads its lanes, claims, tells, and keeps its slots. One turn at a time; publishing goes beside it. */
export class AppDispatch {
  /** Tasks claimed, and expired leases reported. */
  readonly counts = { claimed: 0, expired: 0 };
  readonly publisher: Publisher;
  readonly #ports: Ports;
  readonly #settings: AppSettings;
  readonly #nonce: string;
  readonly #store: Store;
  readonly #lanes: Lanes;
  readonly #ledger: Ledger;
  readonly #mayClaim: () => boolean;
  #loaded = false;
  #turning = false;
  #isBeatMissed = false;
  #rungUntil = 0;
  #lookSoonAt = 0;
  #sweepAt = Number.POSITIVE_INFINITY;
  #sweepMs: number = SWEEP_MS.first;
  #sweepFrom = 0;

  /** `nonce`: the run's own, in the tag of each of its claims. `mayClaim`: false once the run is superseded or about to end. */
  constructor(ports: Ports, settings: AppSettings, nonce: string, mayClaim: () => boolean) {
    this.#ports = ports;
    this.#settings = settings;
    this.#nonce = nonce;
    this.#mayClaim = mayClaim;
    this.#store = new Store(ports.dynamo, ports.table);
    this.#lanes = new Lanes(ports.dynamo, ports.table, settings);
    this.#ledger = new Ledger(ports.dynamo, this.#store, settings.app, settings.maxInFlight, nonce);
    this.publisher = new Publisher(ports.sns, ports.clock, settings, ({ held }) => this.#ledger.published(held));
  }

  get app(): string {
    return this.#settings.app;
  }

  /** Learns what is next: the head of every lane. Never rejects: one app's lane must not stop the others. */
  look(): Promise<void> {
    return this.#lanes.rewind().catch((error) => this.#startAnew(error));
  }

  /** When the app's next task falls due, as far as the indexes have shown it. Epoch ms. */
  get nextDueAt(): number {
    return this.#lanes.nextDueAt;
  }

  /** Has the slots read before the next turn, which then looks at what another run left in them. Never rejects. */
  load(): Promise<void> {
    return this.#load().catch((error) => this.#startAnew(error));
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  /** A newcomer was rung for: the lanes are read anew at every turn for a while. */
  rung(now: number): void {
    this.#rungUntil = now + RING_WINDOW_MS;
  }

  /** Whether there is a reason to stay until the next tick. */
  stays(now: number): boolean {
    return now < this.#rungUntil || Math.min(this.nextDueAt, this.lookAt) <= now + TICK_AHEAD_MS;
  }

  /**
   * When some entry of the slots must be looked at: at once if SNS is not known to have accepted it, else at its lease's end.
   * Epoch ms; Infinity if none is held or known.
   */
  get lookAt(): number {
    return Math.min(
      Number.POSITIVE_INFINITY,
      ...this.#ledger.held.map(({ entry }) => (entry.published ? entry.leaseUntil + LEASE_SKEW_MS : 0)),
    );
  }

  /** Nothing is under way that the end of a run must wait for; what SNS refuses is left to the next run. */
  get isAtRest(): boolean {
    return !this.#turning && this.publisher.untried === 0;
  }

  /** When a full slot is to be looked at again, between two beats. Epoch ms; Infinity: no need. */
  get sweepAt(): number {
    return this.#turning ? Number.POSITIVE_INFINITY : this.#sweepAt;
  }

  /** One turn: looks at entries that want it, claims what falls due before the next beat, tells what is due. Never rejects. */
  async turn(): Promise<void> {
    if (this.#turning) {
      this.#isBeatMissed = true;
      return;
    }
    this.#turning = true;
    try {
      // A turn that outlasts a beat must not cost what fell due meanwhile another one.
      do {
        this.#isBeatMissed = false;
        await this.#work();
      } while (this.#isBeatMissed);
    } catch (error) {
      this.#startAnew(error);
    } finally {
      this.#turning = false;
    }
    await this.publisher.publish();
  }

  /** Writes what was learned of the slots. */
  flush(): Promise<void> {
    return this.#ledger.flush();
  }

  /** What was not learned is learned anew: the next turn reads the slots and the lanes again. */
  #startAnew(error: unknown): void {
    log('WARN', 'a turn was cut short', { app: this.app, reason: reasonOf(error) });
    this.#loaded = false;
    this.rung(this.#ports.clock.now());
  }

  async #load(): Promise<void> {
    await this.#ledger.load();
    this.#loaded = true;
  }

  async #work(): Promise<void> {
    const now = this.#ports.clock.now();
    const isRung = now < this.#rungUntil;
    if (isRung) await this.#lanes.rewind();
    if (!this.#loaded && (isRung || this.nextDueAt <= now + BEAT_MS)) await this.#load();
    this.#sweepAt = Number.POSITIVE_INFINITY;
    if (!this.#mayClaim()) return;
    await this.#lookAtEntries(now);
    await this.#claimDue();
  }

  async #lookAtEntries(now: number): Promise<void> {
    const endsBy = (at: number) => this.#ledger.held.filter(({ entry }) => entry.published && entry.leaseUntil + LEASE_SKEW_MS <= at);
    const unsure = this.#ledger.held.filter(({ entry }) => !entry.published && !this.publisher.has(entry.id));
    await this.#examine([...unsure, ...endsBy(now)], true);
    if (now < this.#lookSoonAt) return;
    this.#lookSoonAt = now + LOOK_MS.soon;
    await this.#examine(endsBy(now + TICK_AHEAD_MS), false);
  }

  /** Reads the rows of entries and does what their fate asks for: free them, claim them, tell again, report an expiry. */
  async #examine(held: readonly Held[], consistent: boolean): Promise<void> {
    if (held.length === 0) return;
    const ids = held.map(({ entry }) => entry.id);
    const rows = readable(await this.#store.readItems(ids, consistent));
    const now = this.#ports.clock.now();
    const expired: { held: Held; request: FailureRequest }[] = [];
    for (const one of held) {
      const task = rows.get(one.entry.id);
      // An index or a replica that is behind may not know a young row: only a consistent reading says that there is none.
      if (!task && !consistent) continue;
      const fate = task === 'unreadable' ? 'out' : fateOf(one.entry, one.slot, task);
      if (fate === 'free') this.#ledger.freed(one);
      else if (task === undefined || task === 'unreadable') this.#setAside(one, now);
      else if (fate === 'unclaimed') {
        // By a reading that is behind, a task that is out looks unclaimed: it would be told a second time.
        if (consistent) await this.#claim(one.slot, [task], [this.#entryOf({ ...task, rev: one.entry.rev }, now)]);
      } else if ((task.leaseUntil ?? 0) + LEASE_SKEW_MS > now) this.#tellAgain(one, task);
      // Not where it is only looked at early: it was reported within the minute.
      else if (one.entry.leaseUntil + LEASE_SKEW_MS <= now)
        expired.push({ held: one, request: { type: 'expire', id: task.id, claim: task.claim } });
    }
    await this.#reportExpired(expired, now);
  }

  /** Out under its entry: its lease ends when the row says so; what SNS is not known to have accepted is told again. */
  #tellAgain(held: Held, task: Task): void {
    this.#ledger.leased(held, task.leaseUntil ?? 0);
    if (!held.entry.published && !this.publisher.has(task.id)) this.publisher.add({ task, held });
  }

  /** A row that nobody can read keeps its place and stops nobody; it is looked at again in a while. */
  #setAside(held: Held, now: number): void {
    this.#ledger.published(held);
    this.#ledger.leased(held, now + LOOK_MS.expired);
  }

  /** At most once a minute for each: the failure Lambda decides, and the row moves on. */
  async #reportExpired(expired: readonly { held: Held; request: FailureRequest }[], now: number): Promise<void> {
    const requests = expired.map(({ request }) => request);
    await putFailures(this.#ports.events, this.#ports.bus, requests, now);
    this.counts.expired += expired.length;
    for (const { held } of expired) {
      this.#ledger.published(held);
      this.#ledger.leased(held, now + LOOK_MS.expired);
    }
  }

  async #claimDue(): Promise<void> {
    let lowest: Level = 'high';
    while (this.#mayClaim()) {
      const now = this.#ports.clock.now();
      if (this.nextDueAt > now + BEAT_MS) return;
      // A newcomer of a higher level waits for one batch, not for a backlog.
      if (lowest !== 'high') await this.#lanes.rewindAbove(lowest);
      const due = inOrder(await this.#nominate(now + BEAT_MS), { now, deadlineLeadMs: this.#settings.deadlineLeadMs });
      if (due.length === 0) return;
      const place = this.#ledger.place(Math.min(due.length, SLOT_SIZE)) ?? (await this.#sweep(due.length, now));
      if (!place) return;
      const batch = due.slice(0, Math.min(SLOT_SIZE, place.room));
      const entries = batch.map((target) => this.#entryOf(target, now));
      // Another run wrote this slot: whoever is superseded learns it at the next beat.
      if (!(await this.#ledger.add(place.slot, entries))) return;
      await this.#claim(place.slot, batch, entries);
      lowest = LEVELS.findLast((one) => batch.some(({ level }) => level === one)) ?? 'high';
      const told = this.publisher.publish();
      if (this.publisher.size > OUTBOX_LIMIT) await told;
    }
  }

  /** What may be claimed, without what the slots hold already (the index runs behind the table). */
  async #nominate(horizon: number): Promise<Waiting[]> {
    const held = new Map(this.#ledger.held.map((one) => [one.entry.id, one]));
    const nominated = await this.#lanes.nominate(horizon);
    const stale = new Set<string>();
    for (const { id, rev } of nominated) {
      const one = held.get(id);
      if (!one) continue;
      // Waiting again at a later revision: the row has moved past the old entry.
      if (rev > one.entry.rev) this.#ledger.freed(one);
      else stale.add(id);
    }
    this.#lanes.remove(stale);
    return nominated.filter(({ id }) => !stale.has(id));
  }

  #entryOf({ id, name, rev, dueAt }: Target, now: number): SlotEntry {
    return { id, rev, leaseUntil: Math.max(dueAt, now) + policyFor(this.#settings, name).leaseMs, published: false };
  }

  /** Claims rows under entries that the slot's row holds. */
  async #claim(slot: number, targets: readonly Target[], entries: readonly SlotEntry[]): Promise<void> {
    const now = this.#ports.clock.now();
    const claims = entries.map(({ id, rev, leaseUntil }, i) => {
      const target = targets[i] as Target;
      return { id, rev, leaseUntil, tag: claimTag(slot, rev, this.#nonce), level: claimLevel(target, target.dueAt, now) };
    });
    const rows = await claimBatch(this.#store, claims, now);
    this.#lanes.remove(new Set(claims.map(({ id }) => id)));
    entries.forEach((entry, i) => {
      const task = rows.get(entry.id);
      const held = { slot, entry };
      if (task === 'unreadable') this.#setAside(held, now);
      else if (!task || fateOf(entry, slot, task) === 'free') this.#ledger.freed(held);
      // Under another run's tag it is that run's to tell; still unclaimed, it is claimed at the next turn.
      else if (task.claimedBy === claims[i]?.tag) {
        this.counts.claimed++;
        this.#tellAgain(held, task);
      }
    });
  }

  /** Every slot is full: looks for places that have become free, ever more seldom. */
  async #sweep(wanted: number, now: number): Promise<{ slot: number; room: number } | undefined> {
    const held = this.#ledger.held.filter(({ entry }) => entry.published);
    const from = this.#sweepFrom < held.length ? this.#sweepFrom : 0;
    this.#sweepFrom = from + SWEEP_SIZE;
    await this.#examine(held.slice(from, from + SWEEP_SIZE), false);
    const place = this.#ledger.place(Math.min(wanted, SLOT_SIZE));
    this.#sweepAt = place ? Number.POSITIVE_INFINITY : now + this.#sweepMs;
    this.#sweepMs = place ? SWEEP_MS.first : Math.min(this.#sweepMs * 2, SWEEP_MS.last);
    return place;
  }
}
