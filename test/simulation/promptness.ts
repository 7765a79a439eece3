import type { Item } from './aws/expressions.ts';
import type { History } from './history.ts';
import type { Process } from './process.ts';
import { lastOutcome, number, stateOf } from './rules.ts';

const SECOND = 1_000;
const TICK_MS = 60 * SECOND;

/** Within how long each thing must come once nothing goes wrong any more: two ticks, as it is promised. */
const BOUNDS = {
  /** While there is a free place: claimed, or dead of its deadline. */
  'a task that is due is claimed': 2 * TICK_MS,
  'what is claimed is told': 2 * TICK_MS,
  'a lease that ended is found': 2 * TICK_MS,
  /** While there is a free place. A run first waits for the one before, three beats, and reads its slots. */
  'what a run was shown is claimed': 6 * SECOND,
} as const;
type Bound = keyof typeof BOUNDS;

/** A lease is found to have ended so long after its end, for the sake of clocks that differ. */
const SKEW_MS = 2 * SECOND;
/** A place that is given back is found by a sweep, ever more seldom; each claim of another that came first may have cost one. */
const PLACE_MS = 9 * SECOND;
/** What SNS will not take, or is not known to have taken before its lease ended, keeps its place for so long, whatever becomes of it. */
const ASIDE_MS = 61 * SECOND;
/** Less than a tick: the next one comes before that. */
const LEFT_MS = 55 * SECOND;
/** A run claims nothing low in the last ten seconds of its hundred; the rest is for the rounding. */
const CLAIMS_FOR_MS = 85 * SECOND;

interface Wait {
  readonly bound: Bound;
  /** What a run must claim that was shown this revision; undefined: nothing. */
  readonly rev: number | undefined;
  readonly since: number;
  /** Claims before it began. */
  readonly claims: number;
}

/** What a run that is alive was shown: revisions by id, and since when it has known of them. */
interface Shown {
  readonly from: number;
  readonly known: Map<string, { readonly rev: number; readonly at: number }>;
}

/** Once nothing goes wrong any more, nothing waits longer than it may. */
export class Promptness {
  readonly #history: History;
  readonly #maxInFlight: number;
  readonly #waits = new Map<string, Wait[]>();
  readonly #runs = new Map<Process, Shown>();
  readonly #out = new Set<string>();
  /** When every place was taken. */
  readonly #full: { readonly from: number; to: number }[] = [];
  #claims = 0;
  #peaceAt = Number.POSITIVE_INFINITY;

  constructor(history: History, maxInFlight: number) {
    this.#history = history;
    this.#maxInFlight = maxInFlight;
  }

  /** From now on nothing goes wrong any more. */
  begin(): void {
    this.#peaceAt = this.#history.now;
  }

  wrote(id: string, before: Item | undefined, after: Item, isTold: boolean): void {
    const { now } = this.#history;
    this.#over(id);
    const [was, is] = [stateOf(before), stateOf(after)];
    if (number(after, 'claim') > (number(before, 'claim') || 0)) this.#claims++;
    this.#count(id, is === 'leased');
    if (was === 'leased' && is !== 'leased' && ['expired', 'refused'].includes(lastOutcome(after) ?? '')) this.refused();
    const open = (bound: Bound, since: number, rev?: number): Wait => ({ bound, rev, since, claims: this.#claims });
    const waits: Wait[] = [];
    // One that may be worthless dies instead, and of that the failure function is told once a minute.
    const rev = after.deadlineAt === undefined ? number(after, 'rev') : undefined;
    if (is === 'scheduled') waits.push(open('a task that is due is claimed', Math.max(now, number(after, 'dueAtMs')), rev));
    if (!isTold && (is === 'leased' || (is === 'completed' && was === 'scheduled'))) waits.push(open('what is claimed is told', now));
    if (is === 'leased') waits.push(open('a lease that ended is found', number(after, 'leaseUntil') + SKEW_MS));
    this.#waits.set(id, waits);
  }

  /** SNS has accepted the notification of a task's current claim. */
  told(id: string): void {
    const waits = this.#waits.get(id) ?? [];
    const isOf = ({ bound }: Wait) => bound === 'what is claimed is told';
    for (const wait of waits.filter(isOf)) this.#judge(id, wait);
    this.#waits.set(
      id,
      waits.filter((wait) => !isOf(wait)),
    );
  }

  /** SNS has not taken a notification, and will not: it may hold a place. */
  refused(): void {
    const { now } = this.#history;
    this.#full.unshift({ from: now, to: now + ASIDE_MS });
  }

  /** An index has answered a run. */
  shown(items: readonly Item[], to: Process): void {
    const { now } = this.#history;
    const { known } = this.#runs.get(to) ?? this.#began(to);
    for (const item of items) {
      const [id, rev] = [item.id?.S ?? '', number(item, 'rev')];
      if (known.get(id)?.rev !== rev) known.set(id, { rev, at: now });
    }
  }

  #began(run: Process): Shown {
    const shown: Shown = { from: this.#history.now, known: new Map() };
    this.#runs.set(run, shown);
    return shown;
  }

  /** A run has come to its end, well or not. */
  ended(run: Process): void {
    const shown = this.#runs.get(run);
    this.#runs.delete(run);
    if (!shown) return;
    for (const [id, waits] of this.#waits) {
      for (const wait of waits) {
        this.#judgeShown(id, wait, shown);
        this.#judgeLeft(id, wait, shown, run);
      }
    }
  }

  /** All that still waits has waited until now. */
  end(): void {
    for (const id of [...this.#waits.keys()]) this.#over(id);
  }

  #over(id: string): void {
    for (const wait of this.#waits.get(id) ?? []) {
      this.#judge(id, wait);
      for (const shown of this.#runs.values()) this.#judgeShown(id, wait, shown);
    }
    this.#waits.delete(id);
  }

  /** Nobody but a run that leaves by itself knows what falls due before the next tick. */
  #judgeLeft(id: string, { rev, since }: Wait, { from, known }: Shown, run: Process): void {
    const { now } = this.#history;
    const isAlone = this.#runs.size === 0 && !run.isDead && now < from + CLAIMS_FOR_MS;
    const isNear = rev !== undefined && known.get(id)?.rev === rev && since < now + LEFT_MS;
    const isJudged = isAlone && isNear && now > this.#peaceAt && this.#fullBetween(now, now + 1) === 0;
    this.#history.must(!isJudged, 'no run leaves what is due before the next tick', `${id} to ${run.name}`);
  }

  #judgeShown(id: string, wait: Wait, shown: Shown): void {
    const known = shown.known.get(id);
    if (known === undefined || known.rev !== wait.rev) return;
    const since = Math.max(wait.since, known.at);
    const bound = 'what a run was shown is claimed';
    this.#judge(id, { ...wait, bound, since }, Math.min(this.#history.now, shown.from + CLAIMS_FOR_MS));
  }

  #judge(id: string, { bound, since, claims }: Wait, until = this.#history.now): void {
    const from = Math.max(since, this.#peaceAt);
    if (until <= from) return;
    const isForPlace = bound === 'a task that is due is claimed' || bound === 'what a run was shown is claimed';
    const waited = until - from - (isForPlace ? this.#fullBetween(from, until) : 0);
    const most = BOUNDS[bound] + (isForPlace ? PLACE_MS * (this.#claims - claims) : 0);
    this.#history.must(waited <= most, `${bound} in time`, `${id} has waited ${waited} ms`);
  }

  #count(id: string, isOut: boolean): void {
    const { now } = this.#history;
    const last = this.#full.at(-1);
    if (last && last.to > now) last.to = now;
    if (isOut) this.#out.add(id);
    else this.#out.delete(id);
    if (this.#out.size >= this.#maxInFlight) this.#full.push({ from: now, to: Number.POSITIVE_INFINITY });
  }

  #fullBetween(from: number, to: number): number {
    return this.#full.reduce((sum, full) => sum + Math.max(0, Math.min(to, full.to) - Math.max(from, full.from)), 0);
  }
}
