import { inOrder } from '../../core/order.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { Share } from '../../core/split.ts';
import { LEVELS, type Level } from '../../core/task.ts';
import { valvesOfShare } from '../../core/valves.ts';
import { log, reasonOf } from '../log.ts';
import type { RunTime } from '../valves.ts';
import { Aside } from './aside.ts';
import { claimsAtOnce } from './budget.ts';
import { type Candidate, Entries, type Target } from './entries.ts';
import { Gate } from './gate.ts';
import { AppHolds } from './holds.ts';
import { Lanes } from './lanes.ts';
import { nominate } from './nominate.ts';
import { BEAT_MS, type Ports, RING_WINDOW_MS, TICK_AHEAD_MS } from './ports.ts';
import type { Publisher } from './publisher.ts';
import { Sweep } from './sweep.ts';

/** Claimed tasks that may wait for SNS before claiming pauses. */
const OUTBOX_LIMIT = 100;
/** How often to look at leases that end within a tick: most of those tasks are done, and their places free. */
const LOOK_SOON_MS = 10_000;
/** How long before its instant a task is claimed at the latest, where no beat has done it; and the least time between two turns that claim. */
const CLAIM_AHEAD_MS = 250;

/** What a run grants an app. */
export interface Grant {
  /** Unlike any other run's: it stands in the tag of each claim. */
  readonly nonce: string;
  readonly share: Share;
  /** The lowest level that may be claimed now; undefined: none. `hasClaimed`: whether the app has had its share of this run. */
  lowest(hasClaimed: boolean): Level | undefined;
  /** See `Warm`. */
  readonly told: Map<string, number>;
}

/** One app, or a share of it, in one run: reads its lanes, claims, tells, and keeps its slots. One turn at a time; publishing goes beside it. */
export class AppDispatch {
  readonly settings: AppSettings;
  readonly entries: Entries;
  readonly gate = new Gate();
  readonly lanes: Lanes;
  readonly #ports: Ports;
  readonly #grant: Grant;
  readonly #aside: Aside;
  readonly #sweep: Sweep;
  readonly #holds: AppHolds;
  /** False: the run before still tells what it has claimed; that is not this run's affair. */
  #isAlone = false;
  #loaded = false;
  #mustLoad = false;
  /** The lanes could not be read: they are at the next turn, however late that comes. */
  #isAstray = false;
  #isHeld = false;
  #turning = false;
  #isBeatMissed = false;
  #turnedAt = 0;
  #claimedAt = 0;
  #rungUntil = 0;
  #lookSoonAt = 0;

  constructor(ports: Ports, settings: AppSettings, grant: Grant) {
    this.#ports = ports;
    this.settings = settings;
    this.#grant = grant;
    this.#aside = new Aside(ports, grant.told);
    this.#holds = new AppHolds(ports.clock, settings, this.gate, this.#aside);
    this.lanes = new Lanes(ports.dynamo, ports.table, settings, this.#holds, grant.share);
    this.entries = new Entries(ports, settings, grant.nonce, this.#aside, grant.share);
    this.#sweep = new Sweep(this.entries);
    this.#holds.lowest = grant.lowest(false);
  }

  get app(): string {
    return this.settings.app;
  }

  get publisher(): Publisher {
    return this.entries.publisher;
  }

  /** What was set at run time. An app that is held is inert: not even its slots are looked at, until it is let go. */
  heed(valves: RunTime): void {
    const { shards = 1 } = valves;
    const all = Math.max(this.settings.shards, shards);
    if ((this.#isHeld && !valves.held) || all !== this.lanes.shards) this.rung(this.#now);
    this.#isHeld = valves.held === true;
    this.lanes.shards = all;
    this.entries.shards = shards;
    this.gate.set(valvesOfShare(valves, this.#grant.share));
  }

  /** Learns what is next: the head of every lane. Never rejects: one app's lane must not stop the others. */
  async look(): Promise<void> {
    if (this.#isHeld) return;
    await this.lanes.rewind().catch((error) => this.#startAnew(error));
  }

  /** When the app's next task may be claimed, as far as the indexes have shown it. Epoch ms. */
  get nextDueAt(): number {
    return this.lanes.nextDueAt;
  }

  /** Has the slots read before the next turn, which then looks at what another run left in them. Never rejects. */
  async load(): Promise<void> {
    if (this.#isHeld) return;
    await this.#load().catch((error) => this.#startAnew(error));
  }

  /** The run before has gone: its slots are read anew, and what they do not mark as told is told. */
  inherit(): void {
    // Where nothing was read before, all that will be read is as it left it.
    this.#mustLoad = this.#loaded || this.#turning;
    this.#loaded = false;
    this.#isAlone = true;
  }

  /** Nothing is being claimed, and nothing is due that is not told. */
  get hasCeased(): boolean {
    return !this.#turning && !this.publisher.isBusy;
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
    if (this.#mayClaim() === undefined) return false;
    const next = Math.min(this.nextDueAt, this.entries.lookAt);
    // By the minute it is one pass a tick: for what is due now, and not twice.
    if (this.settings.precision === 'minute') return next <= now && this.#turnedAt === 0;
    return now < this.#rungUntil || next <= now + TICK_AHEAD_MS;
  }

  /** Whether tasks are due that have a place, and that only this run's own time or memory keeps from being claimed. */
  get isCutShort(): boolean {
    if (this.#mayClaim() === 'low' || this.entries.ledger.room === 0) return false;
    this.#holds.lowest = 'low';
    return this.nextDueAt <= this.#now;
  }

  /** Nothing is under way that the end of a run must wait for; what SNS refuses is left to the next run. */
  get isAtRest(): boolean {
    return !this.#turning && this.publisher.untried === 0 && this.#aside.isAtRest;
  }

  /**
   * When a turn is wanted between two beats: a task that no beat has claimed ahead falls due or is let go, or a full slot may
   * have a free place again. Epoch ms; Infinity: no need, or a turn is under way.
   */
  get turnAt(): number {
    if (this.#turning || this.#mayClaim() === undefined) return Number.POSITIVE_INFINITY;
    if (this.#sweep.isFull) return this.#sweep.at;
    const next = this.nextDueAt;
    // What a rate lets go cannot be claimed before.
    const instants = [next - CLAIM_AHEAD_MS, next, this.#turnedAt + CLAIM_AHEAD_MS];
    return Math.max(this.#claimedAt + CLAIM_AHEAD_MS, instants.find((at) => at > this.#turnedAt) ?? next);
  }

  /** One turn: looks at entries that want it, claims what falls due before the next beat, tells what is due. Never rejects. */
  async turn(): Promise<void> {
    if (this.#isHeld) return;
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
      this.#turnedAt = this.#now;
    }
    await Promise.all([this.publisher.publish(), this.#aside.settle()]);
  }

  /** Puts on the bus what was found beside the work. Never rejects. */
  settle(): Promise<void> {
    return this.#aside.settle();
  }

  /** Writes what was learned of the slots. */
  flush(): Promise<void> {
    return this.entries.ledger.flush();
  }

  get #now(): number {
    return this.#ports.clock.now();
  }

  /** What was not learned is learned anew: the next turn reads the slots and the lanes again. */
  #startAnew(error: unknown): void {
    log('WARN', 'a turn was cut short', { app: this.app, reason: reasonOf(error) });
    this.#loaded = false;
    this.#isAstray = true;
    this.rung(this.#now);
  }

  #mayClaim(): Level | undefined {
    this.#holds.lowest = this.#grant.lowest(this.entries.counts.claimed > 0);
    return this.#holds.lowest;
  }

  async #load(): Promise<void> {
    await this.entries.ledger.load();
    this.#loaded = true;
    this.#mustLoad = false;
  }

  async #work(): Promise<void> {
    const now = this.#now;
    const isRung = now < this.#rungUntil || this.#isAstray;
    if (isRung) await this.lanes.rewind();
    else this.lanes.sift();
    this.#isAstray = false;
    if (!this.#loaded && (this.#mustLoad || isRung || this.nextDueAt <= now + BEAT_MS)) await this.#load();
    this.#sweep.stop();
    if (this.#mayClaim() === undefined) return;
    await this.#lookAtEntries(now);
    await this.#claimDue();
  }

  async #lookAtEntries(now: number): Promise<void> {
    await this.entries.examine([...(this.#isAlone ? this.entries.unsure(now) : []), ...this.entries.endingBy(now)], true);
    if (now < this.#lookSoonAt) return;
    this.#lookSoonAt = now + LOOK_SOON_MS;
    await this.entries.examine(this.entries.endingBy(now + TICK_AHEAD_MS), false);
  }

  async #claimDue(): Promise<void> {
    const beatEnd = this.#now + BEAT_MS;
    let lowest: Level | undefined = 'high';
    while (lowest !== undefined && this.#mayClaim() !== undefined) lowest = await this.#claimNext(beatEnd, lowest);
  }

  /** Claims what is next, and has it told. Answers the lowest level of it; undefined: there is nothing more to claim now. */
  async #claimNext(beatEnd: number, lowestBefore: Level): Promise<Level | undefined> {
    const { ledger } = this.entries;
    const now = this.#now;
    // What comes into a beat's reach while calls are under way would be claimed one by one: the next turn claims it together.
    if (this.nextDueAt > Math.max(beatEnd, now + CLAIM_AHEAD_MS) || this.gate.opensAt(now) > now) return undefined;
    // A newcomer of a higher level waits for one round, not for a backlog.
    if (lowestBefore !== 'high') await this.lanes.rewindAbove(lowestBefore);
    const most = claimsAtOnce(this.#ports.memoryUsed());
    const due = inOrder(await nominate(this.lanes, ledger, now + BEAT_MS, most), { ...this.settings, now });
    const next = this.gate.through(due, most, now);
    if (next.length === 0) return undefined;
    const free = ledger.places(next.length);
    const places = free.length > 0 ? free : await this.#sweep.places(next.length, now);
    const candidates = this.entries.candidates(next, places, now);
    const written = await ledger.addAll(candidates);
    const claimed: Candidate[] = [];
    const targets: Target[] = [];
    for (const candidate of candidates) {
      if (!written.has(candidate.slot)) continue;
      claimed.push(candidate);
      targets.push(candidate.target);
    }
    this.gate.use(targets, now);
    this.#claimedAt = now;
    await this.entries.claim(claimed);
    this.lanes.remove(new Set(targets.map(idOf)));
    // All is full; or another run wrote a slot: whoever is superseded learns it at the next beat.
    if (claimed.length === 0 || claimed.length < candidates.length) return undefined;
    const told = this.publisher.publish();
    void this.#aside.settle();
    if (this.publisher.size > OUTBOX_LIMIT) await told;
    return lowestOf(targets.map(levelOf));
  }
}

const idOf = ({ id }: Target): string => id;
const levelOf = ({ level }: Target): Level => level;
const lowestOf = (levels: readonly Level[]): Level => LEVELS.findLast((level) => levels.includes(level)) ?? 'high';
