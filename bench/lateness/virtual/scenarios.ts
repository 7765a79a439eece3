import { BEAT_MS } from '../../../functions/dispatch/ports.ts';
import { Chance } from '../../../test/simulation/chance.ts';
import { LATENCY } from './machine.ts';
import { type Starts, VirtualQueue } from './queue.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const TASKS = 1_000;
/** Tasks in one call of the door. */
const BATCH = 25;
/** When the minute begins in which they fall due. */
const FIRST_DUE_MS = 2 * MINUTE;

/** A function that starts as one of Lambda does, with its SDK; and one that always takes long. */
export const USUAL: Starts = { coldMs: 1_000, warmMs: 30 };
export const SLOW: Starts = { coldMs: 3_000, warmMs: 3_000 };

/** A run's calls from its first line to the claim of a newcomer: reads seat, lanes, lanes, slots; takes the seat; writes a first slot (two calls); claims. */
const FIRST_CLAIM_MS = 4 * LATENCY.read + 4 * LATENCY.write;
/** The same of a beat: reads seat, lanes, and slots (two calls) if they are not known; writes a slot (two calls for a first one); claims. */
const CLAIM_MS = 4 * LATENCY.read + 3 * LATENCY.write;

/** Whoever was seen a beat ahead is late by this at most. Milliseconds. */
export const AHEAD_BOUND_MS = LATENCY.publish + 1;
/** A run hears of a ring twice a beat. */
export const NEWCOMER_BOUND_MS = BEAT_MS / 2 + CLAIM_MS + LATENCY.publish;
export const WOKEN_BOUND_MS = USUAL.coldMs + FIRST_CLAIM_MS + LATENCY.publish;

/** What came of some tasks: how late each was, which of that while a run handed over to another; how many were told early, or never. */
export interface Outcome {
  readonly lateMs: readonly number[];
  readonly handoverMs: readonly number[];
  readonly early: number;
  readonly lost: number;
}

/** When the dispatcher is called, in milliseconds from the beginning; and how it starts. */
export interface Course {
  readonly starts: Starts;
  readonly calls: readonly number[];
}

/** The rule's calls: the first after `gaps[0]`, and so on in turn. */
const calls = (...gaps: readonly number[]): number[] => {
  const at: number[] = [];
  for (let i = 0, last = 0; last < 5 * MINUTE; i++) {
    last += gaps[i % gaps.length] as number;
    at.push(last);
  }
  return at;
};

const TICKS = calls(MINUTE).map((at) => at - 50 * SECOND);

/** What may happen to the minutely rule. */
export const COURSES = {
  'a tick a minute': { starts: USUAL, calls: TICKS },
  'runs overlap: a call every 15 s, each tick twice': {
    starts: USUAL,
    calls: [...calls(15 * SECOND), ...TICKS.flatMap((at) => [at, at + 40])],
  },
  'gaps of 50 to 75 s': { starts: USUAL, calls: calls(50 * SECOND, 75 * SECOND, 61 * SECOND, 70 * SECOND) },
  'gaps of 75 s, each start takes 3 s': { starts: SLOW, calls: calls(75 * SECOND) },
} as const satisfies Record<string, Course>;

/** A thousand tasks stored long before, due within a minute: at even distances, or at random instants. */
export async function aMinute({ starts, calls }: Course, isRandom = false): Promise<Outcome> {
  const queue = new VirtualQueue(starts);
  for (const at of calls) queue.timeline.after(at, () => queue.invoke());
  const chance = new Chance(1, 'instants');
  const instants = Array.from({ length: TASKS }, (_, i) => (isRandom ? chance.int(0, MINUTE - 1) : (i * MINUTE) / TASKS));
  queue.timeline.after(0, async () => {
    for (let from = 0; from < TASKS; from += BATCH)
      await queue.enqueue(...instants.slice(from, from + BATCH).map((ms, i) => requestOf(from + i, queue.beginning + FIRST_DUE_MS + ms)));
  });
  await queue.timeline.pass(queue.beginning + FIRST_DUE_MS + 2 * MINUTE);
  return outcomeOf(queue, TASKS);
}

/** One task in an idle queue, due `ms` after a tick; the next comes after 75 s and takes 3 s to start. */
export async function alone(ms: number): Promise<Outcome> {
  const queue = new VirtualQueue(SLOW);
  const gapMs = 75 * SECOND;
  const ticks = [0, 1, 2, 3, 4].map((i) => i * gapMs);
  for (const at of ticks) queue.timeline.after(at, () => queue.invoke());
  queue.timeline.after(0, () => void queue.enqueue(requestOf(0, queue.beginning + 2 * gapMs + ms)));
  await queue.timeline.pass(queue.beginning + 6 * gapMs);
  return outcomeOf(queue, 1);
}

/** Newcomers due at once while a run is alive, at every phase of its beat, across the handover from run to run. */
export async function newcomers(count: number): Promise<Outcome> {
  const queue = new VirtualQueue(USUAL);
  for (let at = 0; at < count * STEP_MS + MINUTE; at += MINUTE) queue.timeline.after(at, () => queue.invoke());
  // Something to stay for.
  const end = count * STEP_MS + 2 * MINUTE;
  const keepers = Array.from({ length: Math.ceil(end / MINUTE) }, (_, i) =>
    requestOf(`keeper ${i}`, queue.beginning + i * MINUTE + 59_999),
  );
  queue.timeline.after(0, () => void queue.enqueue(...keepers));
  for (let i = 0; i < count; i++) queue.timeline.after(10 * SECOND + i * STEP_MS, () => void queue.enqueue({ ...requestOf(i), name: NEW }));
  await queue.timeline.pass(queue.beginning + end);
  return outcomeOf(queue, count, ({ name }) => name === NEW);
}

/** Newcomers due at once, each in a queue of its own in which nothing was due for minutes: the door's ring calls the dispatcher. */
export async function woken(count: number): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (let i = 0; i < count; i++) {
    const queue = new VirtualQueue(USUAL);
    queue.timeline.after(0, () => queue.invoke());
    const at = 2 * MINUTE + i * STEP_MS;
    queue.timeline.after(at - 1, () => queue.forgetContainers());
    queue.timeline.after(at, () => void queue.enqueue(requestOf(i)));
    await queue.timeline.pass(queue.beginning + at + MINUTE);
    outcomes.push(outcomeOf(queue, 1));
  }
  return joined(outcomes);
}

export const joined = (outcomes: readonly Outcome[]): Outcome => ({
  lateMs: outcomes.flatMap(({ lateMs }) => lateMs),
  handoverMs: outcomes.flatMap(({ handoverMs }) => handoverMs),
  early: outcomes.reduce((sum, { early }) => sum + early, 0),
  lost: outcomes.reduce((sum, { lost }) => sum + lost, 0),
});

/** Between newcomers; no divisor of the beat or the minute. Milliseconds. */
const STEP_MS = 1_373;
const NEW = 'newcomer';

const requestOf = (key: number | string, dueAt?: number) => ({
  name: 'send-invoice',
  idempotencyKey: String(key),
  ...(dueAt === undefined ? {} : { dueAt: new Date(dueAt).toISOString() }),
});

function outcomeOf(queue: VirtualQueue, count: number, isMeant: (told: { name: string }) => boolean = () => true): Outcome {
  const told = [...queue.told.values()].filter((one) => one.answeredAt !== undefined && isMeant(one));
  const accepted = told.flatMap(({ dueAt, answeredAt = 0, acceptedAt }) => {
    if (acceptedAt === undefined) return [];
    const since = Math.max(dueAt, answeredAt);
    const isHandover = queue.handovers.some(({ from, until }) => from <= since && since < until);
    // What was told before its enqueue was answered is not late at all.
    return [{ lateMs: Math.max(0, acceptedAt - since), isHandover, isEarly: acceptedAt < dueAt }];
  });
  return {
    lateMs: accepted.flatMap(({ lateMs, isHandover }) => (isHandover ? [] : [lateMs])),
    handoverMs: accepted.flatMap(({ lateMs, isHandover }) => (isHandover ? [lateMs] : [])),
    early: accepted.filter(({ isEarly }) => isEarly).length,
    lost: count - accepted.length,
  };
}
