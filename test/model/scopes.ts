import { MINUTE, START } from '../core/given.ts';
import type { Scope } from './state.ts';

/** Two tasks, two dispatchers that may die at any step, and one place: no other fault, and no lease that ends. */
export const ONE_PLACE: Scope = {
  title: 'two dispatchers, one place',
  tasks: [{}, {}],
  maxInFlight: 1,
  instants: 1,
  runs: 2,
  lag: 0,
  reports: ['complete'],
  minds: [],
  mindsAtMost: 0,
  refusalsAtMost: 0,
  faults: [],
};

export const STALE: Scope = { ...ONE_PLACE, title: 'an index and readings that are behind', lag: 1 };
export const FAULTS: Scope = { ...ONE_PLACE, title: 'lost answers, turns cut short', tasks: [{}], faults: ['answers', 'turns'], lag: 1 };
export const MINDS: Scope = { ...ONE_PLACE, title: 'a mind changed', minds: ['cancel', 'reschedule', 'replay'], mindsAtMost: 1 };
export const TOLD_ONLY: Scope = {
  ...ONE_PLACE,
  title: 'done by being told, and one that is not',
  tasks: [{ traits: ['unacknowledged'] }, {}],
};
export const TOLD_AGAIN: Scope = {
  ...ONE_PLACE,
  title: 'done by being told, and replayed',
  tasks: [{ traits: ['unacknowledged'] }],
  minds: ['replay'],
  mindsAtMost: 1,
};
export const REFUSED: Scope = {
  ...ONE_PLACE,
  title: 'done by being told, SNS refusing once',
  tasks: [{ traits: ['unacknowledged'] }],
  refusalsAtMost: 1,
};
export const LEASES: Scope = { ...ONE_PLACE, title: 'leases that end, late reports', runs: 1, instants: 2 };
export const FAILURES: Scope = { ...ONE_PLACE, title: 'failures', runs: 1, tasks: [{}, { maxAttempts: 1 }], reports: ['complete', 'fail'] };
export const EXTENDED: Scope = {
  ...LEASES,
  title: 'leases extended, tasks put off',
  tasks: [{}],
  reports: ['complete', 'extend', 'snooze'],
};
export const EXCLUSIVE: Scope = { ...ONE_PLACE, title: 'an exclusive task', runs: 1, tasks: [{ traits: ['exclusive'] }, {}] };
export const HELD: Scope = { ...EXCLUSIVE, title: 'an exclusive task whose worker dies', instants: 2, tasks: [{ traits: ['exclusive'] }] };
export const WORTHLESS: Scope = {
  ...ONE_PLACE,
  title: 'a task that is worthless late',
  runs: 1,
  instants: 2,
  tasks: [{ traits: ['expires'], deadlineAt: START + MINUTE }, {}],
};
export const TWO_PLACES: Scope = { ...ONE_PLACE, title: 'batches: two places', maxInFlight: 2, runs: 1, lag: 1 };
export const TWO_SLOTS: Scope = { ...ONE_PLACE, title: 'two slots', maxInFlight: 26, tasks: [{}], lag: 1 };
export const HANDOVER: Scope = { ...ONE_PLACE, title: 'two dispatchers over the end of a lease', tasks: [{}], instants: 2 };

export const SCOPES: readonly Scope[] = [
  ...[
    ONE_PLACE,
    STALE,
    FAULTS,
    MINDS,
    TOLD_ONLY,
    TOLD_AGAIN,
    REFUSED,
    LEASES,
    FAILURES,
    EXTENDED,
    EXCLUSIVE,
    HELD,
    WORTHLESS,
    TWO_PLACES,
    TWO_SLOTS,
    HANDOVER,
  ],
];

/** Larger ones, for `node localstack/run.mjs test/model/deep.ts`: minutes, not seconds. */
export const DEEP: readonly Scope[] = [
  { ...STALE, title: 'readings behind by two, and all faults', lag: 2, faults: ['answers', 'turns'] },
  { ...HANDOVER, title: 'two dispatchers, two tasks, over the end of a lease', tasks: [{}, {}] },
  { ...HANDOVER, title: 'two dispatchers, failures and extensions, over the end of a lease', reports: ['complete', 'fail', 'extend'] },
  { ...HANDOVER, title: 'three instants, readings behind', instants: 3, lag: 1, runs: 1 },
  { ...FAILURES, title: 'failures of two tasks over the end of a lease', instants: 2 },
  { ...MINDS, title: 'two minds changed, readings behind', mindsAtMost: 2, lag: 1, tasks: [{}] },
  { ...REFUSED, title: 'SNS refusing twice, over instants', refusalsAtMost: 2, instants: 2 },
  { ...TWO_PLACES, title: 'batches of two dispatchers', runs: 2, lag: 0 },
  { ...TWO_SLOTS, title: 'two slots, two tasks', tasks: [{}, {}] },
  { ...HELD, title: 'an exclusive task and two dispatchers', runs: 2 },
];
