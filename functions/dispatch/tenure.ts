import type { Place } from '../../core/split.ts';
import { type Clock, pause } from '../clock.ts';
import type { Seat, SeatState } from '../seat.ts';
import { BEAT_MS } from './ports.ts';

/** How often a run asks whether the one before it has left, and how many beats it waits for that. */
const HANDOVER = { pollMs: 100, beats: 3 } as const;
/** A run that gave no word may write for as long as its Lambda can live after the end it meant to keep: the stack's timeout. */
const ZOMBIE_MS = 60_000;
/** After apps were dealt out anew, runs of other dispatchers may still write where they did before: for as long as one lives, and a tick. */
const REDEALT_MS = 180_000;

/** A run's hold on its dispatcher's seat, and what it cannot be sure of because of those before it. */
export class Tenure {
  readonly #seat: Seat;
  readonly #clock: Clock;
  readonly #nonce: string;
  readonly #place: Place;
  #epoch = 0;
  #unsureUntil = 0;
  #redealtUntil = 0;
  /** The run before, while it still tells what it has claimed; and how long it is given. */
  #predecessor: { readonly before: SeatState; readonly until: number } | undefined;

  constructor(seat: Seat, clock: Clock, nonce: string, place: Place) {
    this.#seat = seat;
    this.#clock = clock;
    this.#nonce = nonce;
    this.#place = place;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Until when somebody might still write to a slot of ours. Epoch ms. */
  get unsureUntil(): number {
    return Math.max(this.#unsureUntil, this.#redealtUntil);
  }

  /** Takes the seat. Answers it as it stood before. `deal`: how the apps are dealt out now. */
  async take(seat: SeatState, endAt: number, deal: string): Promise<SeatState> {
    for (let before = seat; ; ) {
      const isSure = before.left === before.epoch;
      this.#unsureUntil = isSure ? before.unsureUntil : Math.max(before.unsureUntil, before.aliveUntil + ZOMBIE_MS);
      this.#redealtUntil = before.deal === deal ? 0 : this.#clock.now() + REDEALT_MS;
      const isTaken = await this.#seat.take(before, endAt, this.unsureUntil, this.#nonce, this.#place.of);
      const found = isTaken ? undefined : await this.#seat.read();
      // By this run itself: the answer to its first try was lost.
      if (!found || found.takenBy === this.#nonce) {
        this.#epoch = before.epoch + 1;
        return before;
      }
      before = found;
    }
  }

  /** Waits until the run before claims no more, or has had its time. Answers the seat then. */
  async awaitPredecessor(before: SeatState): Promise<SeatState> {
    const until = Math.min(before.aliveUntil, this.#clock.now() + HANDOVER.beats * BEAT_MS);
    // Of the other dispatchers' runs no word comes to this seat: if they live, they are superseded in this time, as its own is.
    if (this.#redealtUntil > 0) await pause(this.#clock, HANDOVER.beats * BEAT_MS);
    let seat = this.#redealtUntil > 0 ? await this.#seat.read() : before;
    while (Math.max(seat.left, seat.ceded) < before.epoch && this.#clock.now() < until) {
      await pause(this.#clock, HANDOVER.pollMs);
      seat = await this.#seat.read();
    }
    this.#predecessor = { before, until };
    return seat;
  }

  /** Whether the run before has now gone: it has left, or has had its time. True once; what is not marked as told is then this run's to tell. */
  hasBecomeAlone(seat: SeatState): boolean {
    if (!this.#predecessor) return false;
    const { before, until } = this.#predecessor;
    const hasLeft = seat.left >= before.epoch;
    if (hasLeft) this.#unsureUntil = before.unsureUntil;
    else if (this.#clock.now() < until) return false;
    this.#predecessor = undefined;
    return true;
  }
}
