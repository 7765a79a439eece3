import type { AppSettings } from '../../core/policy.ts';
import { ALONE, dealOf, type Place, shareOf } from '../../core/split.ts';
import type { Level } from '../../core/task.ts';
import { NO_VALVES } from '../../core/valves.ts';
import { putGoOn } from '../bus.ts';
import { log, reasonOf } from '../log.ts';
import { putMeasures } from '../metrics.ts';
import { Seat, type SeatState } from '../seat.ts';
import { readingAll } from '../shards.ts';
import { Store } from '../store.ts';
import { type RunTime, ValveStore } from '../valves.ts';
import { AppDispatch } from './app-dispatch.ts';
import { lowestToClaim } from './budget.ts';
import { measuresOf } from './measures.ts';
import { BEAT_MS, type Ports, RING_WINDOW_MS, TICK_AHEAD_MS } from './ports.ts';
import { type Summary, summaryOf } from './summary.ts';
import { Tenure } from './tenure.ts';
import { Warm } from './warm.ts';

/** The slots are looked at this often, whatever the seat says. */
const SWEEP_AT_LEAST_MS = 3_600_000;

/**
 * One invocation of a dispatcher: looks at every lane's head; stays, with one interval, while something is due before
 * the next tick; leaves no timer and nothing in flight.
 */
export class Run {
  readonly #ports: Ports;
  readonly #seat: Seat;
  readonly #valves: ValveStore;
  readonly #tenure: Tenure;
  readonly #settings: readonly AppSettings[];
  readonly #nonce: string;
  readonly #place: Place;
  readonly #endAt: number;
  readonly #warm: Warm;
  /** Those that this dispatcher has a share of. */
  #apps: readonly AppDispatch[] = [];
  #deal = '';
  #isSuperseded = false;
  #hasCeded = false;
  #rings = 0;
  #lastRung: ReadonlyMap<string, number> = new Map();
  #beating = false;
  /** Halfway from one beat to the next. */
  #isBetween = false;
  #cancelTimer: () => void = () => {};
  #done: () => void = () => {};
  readonly #inFlight = new Set<Promise<void>>();

  /** `nonce`: unlike any other run's. `endAt`: when to stop claiming, epoch ms. `place`: of which dispatcher it is a run. */
  constructor(ports: Ports, settings: readonly AppSettings[], nonce: string, endAt: number, warm = new Warm(), place = ALONE) {
    this.#ports = ports;
    this.#settings = settings;
    this.#place = place;
    this.#seat = new Seat(ports.dynamo, ports.table, place.part);
    this.#tenure = new Tenure(this.#seat, ports.clock, nonce, place);
    this.#valves = new ValveStore(ports.dynamo, new Store(ports.dynamo, ports.table), this.#seat, ports.adoption);
    this.#nonce = nonce;
    this.#endAt = endAt;
    this.#warm = warm;
  }

  async run(): Promise<Summary> {
    const seat = await this.#seat.read();
    // Before anything is looked at: what is held is left alone.
    await this.#begin(seat);
    await Promise.all(this.#apps.map((app) => app.look()));
    if (this.#isIdle(seat)) return this.#finished(false, seat.epoch);
    const before = await this.#tenure.take(seat, this.#endAt, this.#deal);
    const found = await this.#tenure.awaitPredecessor(before);
    for (const { gate } of this.#apps) gate.begin(found.usedUntil);
    this.#hear(before);
    this.#hearOfPredecessor(found);
    // A run that was alive when the seat was taken left entries that the seat does not speak of; so did others, if they were dealt out.
    const isTold = before.left === before.epoch && before.deal === this.#deal;
    const mustLoad = !isTold || before.sweepAt <= this.#now + TICK_AHEAD_MS;
    if (mustLoad) await Promise.all(this.#apps.map((app) => app.load()));
    do await this.#stay();
    while (!(await this.#leave(before)));
    await this.#handOn();
    return this.#finished(true, this.#tenure.epoch);
  }

  get #now(): number {
    return this.#ports.clock.now();
  }

  get #mayClaim(): boolean {
    return !this.#isSuperseded && this.#now < this.#endAt;
  }

  /** A container whose memory stays full must come on nevertheless: each run may claim one batch of an app before that is asked. */
  #lowest(hasClaimed: boolean): Level | undefined {
    return this.#mayClaim ? lowestToClaim(this.#endAt - this.#now, hasClaimed ? this.#ports.memoryUsed() : 0) : undefined;
  }

  /** Nothing is due before the next tick, in the lanes or in the slots, and nobody rang a moment ago. */
  #isIdle(seat: SeatState): boolean {
    const soon = this.#now + TICK_AHEAD_MS;
    const isQuiet = [...seat.rung.values()].every((at) => at + RING_WINDOW_MS < this.#now);
    const isTold = seat.left === seat.epoch && seat.deal === this.#deal;
    return isTold && seat.sweepAt > soon && isQuiet && !this.#apps.some((app) => app.stays(this.#now));
  }

  /** Beats until there is nothing to stay for and nothing in flight. */
  async #stay(): Promise<void> {
    const { clock } = this.#ports;
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    const stop = clock.every(BEAT_MS / 2, () => {
      this.#isBetween = !this.#isBetween;
      this.#track(this.#isBetween ? this.#listen() : this.#beat());
    });
    try {
      this.#turn();
      await done;
    } finally {
      stop();
      while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
      this.#cancelTimer();
    }
  }

  /** Runs beside the others; the end waits for it. */
  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error) => log('WARN', 'a beat was cut short', { reason: reasonOf(error) }))
      .finally(() => {
        this.#inFlight.delete(tracked);
        this.#cede();
        this.#setTimer();
      });
    this.#inFlight.add(tracked);
  }

  /** Superseded: lets the other claim as soon as all that this run has still to tell falls due later. */
  #cede(): void {
    if (!this.#isSuperseded || this.#hasCeded || !this.#apps.every(({ hasCeased }) => hasCeased)) return;
    this.#hasCeded = true;
    this.#track(this.#seat.cede(this.#tenure.epoch, this.#usedUntil));
  }

  /** Between two beats: whether somebody rang, or took the seat. What was set before the ring holds for the newcomer. */
  async #listen(): Promise<void> {
    if (this.#beating || this.#isSuperseded) return;
    const heard = this.#rings;
    await this.#learn();
    if (this.#rings > heard && !this.#isSuperseded) this.#turn();
  }

  /** Reads the seat, and what was set at run time if that is news. */
  async #learn(): Promise<void> {
    const seat = await this.#seat.read(false);
    this.#hear(seat);
    this.#hearOfPredecessor(seat);
    this.#heed(await this.#runTime(seat));
  }

  async #beat(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      await this.#learn();
      // Asked before the next turn begins: while one is under way, nothing is done.
      if (this.#isDone()) this.#done();
      else this.#turn();
    } finally {
      this.#beating = false;
    }
  }

  #hear(seat: SeatState): void {
    // For good: a later reading may be further behind.
    this.#isSuperseded ||= seat.epoch > this.#tenure.epoch;
    this.#rings = seat.rings;
    for (const app of this.#apps) {
      const at = seat.rung.get(app.app) ?? 0;
      const isNews = this.#lastRung.has(app.app) ? at !== this.#lastRung.get(app.app) : at + RING_WINDOW_MS > this.#now;
      if (isNews) app.rung(this.#now);
    }
    this.#lastRung = new Map(this.#apps.map(({ app }) => [app, seat.rung.get(app) ?? 0]));
  }

  /** Once the run before has told all that it had claimed, what is not marked as told is this run's to tell. */
  #hearOfPredecessor(seat: SeatState): void {
    if (this.#tenure.hasBecomeAlone(seat)) for (const app of this.#apps) app.inherit();
  }

  /** Learns what holds for the apps, and which share of each is this dispatcher's. */
  async #begin(seat: SeatState): Promise<void> {
    const known = await this.#runTime(seat);
    const all = this.#settings.map((settings) => readingAll(settings, known.get(settings.app)?.shards));
    this.#deal = dealOf(all, this.#place.of);
    const grant = { nonce: this.#nonce, told: this.#warm.told, lowest: (hasClaimed: boolean) => this.#lowest(hasClaimed) };
    this.#apps = all.flatMap((settings) => {
      const share = shareOf(settings, this.#place);
      return share ? [new AppDispatch(this.#ports, settings, { ...grant, share })] : [];
    });
    this.#heed(known);
  }

  #heed(known: ReadonlyMap<string, RunTime>): void {
    for (const app of this.#apps) app.heed(known.get(app.app) ?? NO_VALVES);
  }

  /** What was set at run time. Where it cannot be read the run, or the beat, is cut short: what was paused must not be claimed. */
  async #runTime({ settings }: SeatState): Promise<ReadonlyMap<string, RunTime>> {
    if (settings === 0 && this.#ports.adoption === undefined) return new Map();
    const apps = this.#settings.map(({ app }) => app);
    return this.#warm.valvesAt(settings, apps, () => this.#valves.read(apps));
  }

  #turn(): void {
    for (const app of this.#apps) this.#track(app.turn());
  }

  #isDone(): boolean {
    const now = this.#now;
    return this.#apps.every((app) => app.isAtRest && !(this.#mayClaim && app.stays(now)));
  }

  /** One timer, for the next event in memory, if it comes before the next beat: something to tell, or something to claim. */
  #setTimer(): void {
    this.#cancelTimer();
    const next = Math.min(...this.#apps.map((app) => Math.min(app.publisher.wakeAt, app.turnAt)));
    const ms = next - this.#now;
    // What is further off is the next beats' affair.
    if (ms <= BEAT_MS) this.#cancelTimer = this.#ports.clock.after(Math.max(1, ms), () => this.#wake());
  }

  #wake(): void {
    const now = this.#now;
    for (const app of this.#apps) {
      if (app.publisher.wakeAt <= now) this.#track(app.publisher.publish());
      if (app.turnAt <= now) this.#track(app.turn());
    }
    this.#setTimer();
  }

  /** Takes leave. False: someone rang at the last moment. */
  async #leave(before: SeatState): Promise<boolean> {
    await Promise.all(this.#apps.map((app) => app.flush()));
    if (!this.#isSuperseded) {
      const unread = this.#apps.every(({ loaded }) => loaded) ? Number.POSITIVE_INFINITY : before.sweepAt;
      const { unsureUntil } = this.#tenure;
      const unsure = unsureUntil > this.#now ? unsureUntil : Number.POSITIVE_INFINITY;
      const sweepAt = Math.min(this.#now + SWEEP_AT_LEAST_MS, unread, unsure, ...this.#apps.map(({ entries }) => entries.lookAt));
      // At the end of its time it leaves a newcomer to the next tick.
      const rings = this.#mayClaim ? this.#rings : undefined;
      if (await this.#seat.leave(this.#tenure.epoch, sweepAt, this.#usedUntil, rings, this.#deal)) return true;
      this.#hear(await this.#seat.read());
      if (!this.#isSuperseded) return false;
    }
    await this.#seat.leaveToSuccessor(this.#tenure.epoch, this.#usedUntil);
    return true;
  }

  /** What its own end has cut short needs not wait for the tick. */
  async #handOn(): Promise<void> {
    const { goesOn = false, events, bus } = this.#ports;
    if (goesOn || this.#isSuperseded || !this.#apps.some((app) => app.isCutShort)) return;
    await putGoOn(events, bus, this.#place.part).catch((error) =>
      log('WARN', 'no other run could be begun; the next tick goes on', { reason: reasonOf(error) }),
    );
  }

  get #usedUntil(): number {
    return Math.max(0, ...this.#apps.map(({ gate }) => gate.usedUntil));
  }

  /** Says what it has seen and done. */
  async #finished(stayed: boolean, epoch: number): Promise<Summary> {
    const measures = putMeasures(this.#ports.cloudwatch, this.#ports.queue, measuresOf(this.#apps, this.#now));
    await Promise.all([measures, ...this.#apps.map((app) => app.settle())]);
    return summaryOf(this.#apps, stayed, epoch);
  }
}
