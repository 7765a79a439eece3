import { decide } from '../../core/decide.ts';
import { fateOf } from '../../core/slots.ts';
import { type Rules, SHIPPED } from './world.ts';

// The shipped rules with one of them switched off: a search that does not find what comes of that shows nothing.

/** A report counts whatever its claim. */
export const withoutFencing: Rules = {
  ...SHIPPED,
  decide: (task, action, now, settings) =>
    decide(task, task && action.type === 'complete' ? { ...action, claim: task.claim } : action, now, settings),
};

/** A claim is taken at any revision. */
export const withoutRevision: Rules = {
  ...SHIPPED,
  decide: (task, action, now, settings) =>
    decide(task, task && action.type === 'claim' ? { ...action, rev: task.rev } : action, now, settings),
};

/** An entry is freed whose row is not claimed yet. */
export const freeingUnclaimed: Rules = {
  ...SHIPPED,
  fateOf: (entry, slot, row) => (fateOf(entry, slot, row) === 'unclaimed' ? 'free' : fateOf(entry, slot, row)),
};

/** An entry is freed once its row is completed, though SNS may not have accepted its notification. */
export const freeingUnaccepted: Rules = {
  ...SHIPPED,
  fateOf: (entry, slot, row) => (row?.state === 'completed' ? 'free' : fateOf(entry, slot, row)),
};

/** An entry is freed once its row was written after the nomination, whoever claimed it. */
export const freeingWhatIsOut: Rules = {
  ...SHIPPED,
  fateOf: (entry, slot, row) => (row && row.rev > entry.rev + 1 ? 'free' : fateOf(entry, slot, row)),
};

/** Any worker may start an exclusive task. */
export const withoutHolder: Rules = {
  ...SHIPPED,
  decide: (task, action, now, settings) => {
    const decision = decide(task, action, now, settings);
    return task && action.type === 'start' && decision.kind === 'refused' && decision.refusal.reason === 'held'
      ? { kind: 'unchanged', task }
      : decision;
  },
};

/** A lease never ends. */
export const neverExpiring: Rules = {
  ...SHIPPED,
  decide: (task, action, now, settings) =>
    action.type === 'expire' && task ? { kind: 'unchanged', task } : decide(task, action, now, settings),
};
