import { inOrder } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import { SLOT_SIZE } from '../../core/slots.ts';
import { LEVELS, type Level } from '../../core/task.ts';
import { log, reasonOf } from '../log.ts';
import { Entries } from './entries.ts';
import { Lanes, type Waiting } from './lanes.ts';
import { BEAT_MS, type Ports, RING_WINDOW_MS, TICK_AHEAD_MS } from './ports.ts';
import { Publisher } from './publisher.ts';

/** Claimed tasks that may wait for SNS before claiming pauses. */
const OUTBOX_LIMIT = 100;
/** Entries looked at in one sweep of full slots. */
const SWEEP_SIZE = 100;
/** While an app is at its limit: how soon to look again for a free place, doubled each time in vain. */
const SWEEP_MS = { first: 250, last: 8_000 } as const;
/** How often to look at leases that end within a tick: most of those tasks are done, and their places free. */
const LOOK_SOON_MS = 10_000;
/** How long before its instant a task is claimed at the latest, where no beat has done it; and the least time between two such turns. */
const CLAIM_AHEAD_MS = 250;

/** One app in one run: reads its lanes, claims, tells, and keeps its slots. One turn at a time; publishing goes beside it. */
export class AppDispatch {
  readonly publisher: Publisher;
  readonly entries: Entries;
  readonly #ports: Ports;
  readonly #settings: AppSettings;
  readonly #lanes: Lanes;
  readonly #mayClaim: () => boolean;
  #loaded = false;
  #turning = false;
  #isBeatMissed = false;
  #turnedAt = 0;
  #rungUntil = 0;
  #lookSoonAt = 0;
  #sweepAt = Number.POSITIVE_INFINITY;
  #sweepMs: number = SWEEP_MS.first;
  #sweepFrom = 0;

  /** `nonce`: the run's own, in the tag of each of its claims. `mayClaim`: false once the run is superseded or about to end. */
  constructor(ports: Ports, settings: AppSettings, nonce: string, mayClaim: () => boolean) {
    this.#ports = ports;
    this.#settings = settings;
    this.#mayClaim = mayClaim;
    this.#lanes = new Lanes(ports.dynamo, ports.table, settings);
    this.publisher = new Publisher(ports.sns, ports.clock, settings, ({ held }) => this.entries.ledger.published(held));
    this.entries = new Entries(ports, settings, nonce, this.publisher);
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
    return now < this.#rungUntil || Math.min(this.nextDueAt, this.entries.lookAt) <= now + TICK_AHEAD_MS;
  }

  /** Nothing is under way that the end of a run must wait for; what SNS refuses is left to the next run. */
  get isAtRest(): boolean {
    return !this.#turning && this.publisher.untried === 0;
  }

  /**
   * When a turn is wanted between two beats: a task that no beat has claimed ahead falls due, or a full slot may have a free
   * place again. Epoch ms; Infinity: no need, or a turn is under way.
   */
  get turnAt(): number {
    if (this.#turning || !this.#mayClaim()) return Number.POSITIVE_INFINITY;
    const isFull = this.#sweepAt !== Number.POSITIVE_INFINITY;
    return isFull ? this.#sweepAt : Math.max(this.nextDueAt - CLAIM_AHEAD_MS, this.#turnedAt + CLAIM_AHEAD_MS);
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
      this.#turnedAt = this.#ports.clock.now();
    }
    await this.publisher.publish();
  }

  /** Writes what was learned of the slots. */
  flush(): Promise<void> {
    return this.entries.ledger.flush();
  }

  /** What was not learned is learned anew: the next turn reads the slots and the lanes again. */
  #startAnew(error: unknown): void {
    log('WARN', 'a turn was cut short', { app: this.app, reason: reasonOf(error) });
    this.#loaded = false;
    this.rung(this.#ports.clock.now());
  }

  async #load(): Promise<void> {
    await this.entries.ledger.load();
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
    await this.entries.examine([...this.entries.unsure, ...this.entries.endingBy(now)], true);
    if (now < this.#lookSoonAt) return;
    this.#lookSoonAt = now + LOOK_SOON_MS;
    await this.entries.examine(this.entries.endingBy(now + TICK_AHEAD_MS), false);
  }

  async #claimDue(): Promise<void> {
    const { ledger } = this.entries;
    let lowest: Level = 'high';
    while (this.#mayClaim()) {
      const now = this.#ports.clock.now();
      if (this.nextDueAt > now + BEAT_MS) return;
      // A newcomer of a higher level waits for one batch, not for a backlog.
      if (lowest !== 'high') await this.#lanes.rewindAbove(lowest);
      const due = inOrder(await this.#nominate(now + BEAT_MS), { now, deadlineLeadMs: this.#settings.deadlineLeadMs });
      if (due.length === 0) return;
      const place = ledger.place(Math.min(due.length, SLOT_SIZE)) ?? (await this.#sweep(due.length, now));
      if (!place) return;
      const batch = due.slice(0, Math.min(SLOT_SIZE, place.room));
      const entries = batch.map((target) => this.entries.entryOf(target, now));
      // Another run wrote this slot: whoever is superseded learns it at the next beat.
      if (!(await ledger.add(place.slot, entries))) return;
      await this.entries.claim(place.slot, batch, entries);
      this.#lanes.remove(new Set(batch.map(({ id }) => id)));
      lowest = LEVELS.findLast((one) => batch.some(({ level }) => level === one)) ?? 'high';
      const told = this.publisher.publish();
      if (this.publisher.size > OUTBOX_LIMIT) await told;
    }
  }

  /** What may be claimed, without what the slots hold already (the index runs behind the table). */
  async #nominate(horizon: number): Promise<Waiting[]> {
    const { ledger } = this.entries;
    const held = new Map(ledger.held.map((one) => [one.entry.id, one]));
    const nominated = await this.#lanes.nominate(horizon);
    const stale = new Set<string>();
    for (const { id, rev } of nominated) {
      const one = held.get(id);
      if (!one) continue;
      // Waiting again at a later revision: the row has moved past the old entry.
      if (rev > one.entry.rev) ledger.freed(one);
      else stale.add(id);
    }
    this.#lanes.remove(stale);
    return nominated.filter(({ id }) => !stale.has(id));
  }

  /** Every slot is full: looks for places that have become free, ever more seldom. */
  async #sweep(wanted: number, now: number): Promise<{ slot: number; room: number } | undefined> {
    const { ledger } = this.entries;
    const held = ledger.held.filter(({ entry }) => entry.published);
    const from = this.#sweepFrom < held.length ? this.#sweepFrom : 0;
    this.#sweepFrom = from + SWEEP_SIZE;
    await this.entries.examine(held.slice(from, from + SWEEP_SIZE), false);
    const place = ledger.place(Math.min(wanted, SLOT_SIZE));
    this.#sweepAt = place ? Number.POSITIVE_INFINITY : now + this.#sweepMs;
    this.#sweepMs = place ? SWEEP_MS.first : Math.min(this.#sweepMs * 2, SWEEP_MS.last);
    return place;
  }
}
