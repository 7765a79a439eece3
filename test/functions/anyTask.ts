import fc from 'fast-check';
import { LEVELS, STATES, type Task, TRAITS } from '../../core/task.ts';
import { newId, START } from './world.ts';

const instant = fc.integer({ min: START - 1e10, max: START + 1e10 });
const count = fc.nat(200);
const text = fc.string({ unit: 'grapheme', maxLength: 60 });

const attempt = fc.record(
  {
    claim: count,
    claimedAt: instant,
    endedAt: instant,
    outcome: fc.constantFrom('completed' as const, 'failed' as const, 'expired' as const, 'snoozed' as const, 'refused' as const),
    error: fc.record({ name: text, message: text, stack: text }, { requiredKeys: ['name', 'message'] }),
    worker: text,
  },
  { requiredKeys: ['claim', 'claimedAt', 'endedAt', 'outcome'] },
);

const move = fc.record(
  { at: instant, move: fc.constantFrom('demoted' as const, 'replayed' as const), from: fc.constantFrom(...LEVELS), to: instant },
  { requiredKeys: ['at', 'move'] },
);

/** Any row that could be in the table, plausible or not: what is written must not depend on how it came about. */
export const anyTask = (app: string): fc.Arbitrary<Task> =>
  fc.record(
    {
      id: fc.constant(null).map(() => newId(app)),
      app: fc.constant(app),
      name: fc.constantFrom('send-invoice', 'constructor', 'a:b.c_d'),
      version: fc.integer({ min: 1, max: 1_000_000 }),
      payload: fc.json(),
      request: text,
      level: fc.constantFrom(...LEVELS),
      position: fc.constantFrom('front' as const, 'back' as const),
      dueAt: instant,
      deadlineAt: instant,
      arrival: instant.map((ms) => ms * 1_000 + 7),
      createdAt: instant,
      state: fc.oneof(fc.constant('scheduled' as const), fc.constantFrom(...STATES)),
      rev: fc.integer({ min: 1, max: 5_000 }),
      claim: count,
      attempt: count,
      deliveries: count,
      consecutiveFailures: count,
      maxAttempts: count,
      traits: fc.uniqueArray(fc.constantFrom(...TRAITS)),
      moves: fc.array(move, { maxLength: 10 }),
      movesDropped: count,
      attempts: fc.array(attempt, { maxLength: 10 }),
      attemptsDropped: count,
    },
    {
      requiredKeys: [
        'id',
        'app',
        'name',
        'version',
        'payload',
        'request',
        'level',
        'position',
        'dueAt',
        'arrival',
        'createdAt',
        'state',
        'rev',
        'claim',
        'attempt',
        'deliveries',
        'consecutiveFailures',
        'attempts',
        'attemptsDropped',
      ],
    },
  );
