import { type Attempt, hasTrait, type Move, type Task } from './task.ts';

/** One thing that happened to a task, in words. */
export interface Happening {
  /** Epoch ms. */
  readonly at: number;
  readonly text: string;
}

/** All that happened to a task, as far as its history reaches, oldest first. */
export function timelineOf(task: Task): Happening[] {
  const happenings: Happening[] = [
    { at: task.createdAt, text: `enqueued at priority ${levelAtBirth(task)}` },
    ...task.attempts.flatMap((attempt) => claimHappenings(attempt)),
    ...(task.moves ?? []).map((move) => ({ at: move.at, text: moveText(move) })),
    ...(task.claimedAt === undefined ? [] : [{ at: task.claimedAt, text: claimText(task.claim) }]),
    ...(hasTrait(task, 'late') && task.deadlineAt !== undefined ? [{ at: task.deadlineAt, text: 'its deadline passed' }] : []),
    ...(task.endedAt === undefined || isTold(task) ? [] : [{ at: task.endedAt, text: endText(task) }]),
  ];
  const dropped = task.attemptsDropped + (task.movesDropped ?? 0);
  const sorted = happenings.sort((a, b) => a.at - b.at);
  const first = sorted[1]?.at ?? task.createdAt;
  return dropped === 0
    ? sorted
    : [...sorted.slice(0, 1), { at: first, text: `${dropped} earlier entries are no longer kept` }, ...sorted.slice(1)];
}

/**
 * What a task waits for, the nearest first, as far as it knows itself: whether it is held up as well, only its surroundings
 * say (`explainTask`).
 */
export function nextOf(task: Task): Happening[] {
  const { state, dueAt, deadlineAt, leaseUntil, expiresAtSeconds } = task;
  const events: { at: number | undefined; text: string }[] =
    state === 'scheduled'
      ? [
          { at: dueAt, text: 'due' },
          { at: hasTrait(task, 'late') ? undefined : deadlineAt, text: 'its deadline' },
        ]
      : [
          { at: state === 'leased' ? leaseUntil : undefined, text: 'its lease ends: it is notified again, unless its worker has reported' },
          { at: expiresAtSeconds && expiresAtSeconds * 1_000, text: 'its history is deleted' },
        ];
  return events.flatMap(({ at, text }) => (at === undefined ? [] : [{ at, text }])).sort((a, b) => a.at - b.at);
}

/** Its level before any that was changed; if its first moves are no longer kept, the earliest that is known. */
const levelAtBirth = ({ moves = [], level }: Task): unknown =>
  moves.find(({ move }) => move === 'demoted' || move === 'reprioritized')?.from ?? level;

/** Whether the claim that completed it says so already. */
const isTold = ({ attempts, claim }: Task): boolean =>
  attempts.some((attempt) => attempt.outcome === 'completed' && attempt.claim === claim);

const claimText = (claim: number): string => `claimed, number ${claim}`;

function claimHappenings({ claim, claimedAt, endedAt, outcome, error, worker }: Attempt): Happening[] {
  const by = worker === undefined ? '' : ` by ${worker}`;
  const why = error === undefined ? '' : `: ${error.name}: ${error.message}`;
  return [
    { at: claimedAt, text: claimText(claim) },
    { at: endedAt, text: `${OUTCOMES[outcome]}${by}${why}` },
  ];
}

const OUTCOMES: Record<Attempt['outcome'], string> = {
  completed: 'completed',
  failed: 'failed',
  expired: 'its lease ended without a word',
  snoozed: 'snoozed',
  refused: 'its notification was refused',
};

function moveText({ move, from, to }: Move): string {
  const value = (part: Move['from']) => (typeof part === 'number' ? new Date(part).toISOString() : part);
  if (from === undefined) return move === 'rescheduled' ? 'its deadline was changed' : move;
  return `${move} from ${value(from)} to ${value(to)}`;
}

const endText = ({ state, deathReason }: Task): string => (state === 'dead' ? `dead: ${deathReason}` : state);
