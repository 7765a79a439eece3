import { describe, expect, it } from 'vitest';
import { livenessOf } from './live.ts';
import { EXCLUSIVE, LEASES, MINDS, ONE_PLACE, SCOPES, TOLD_ONLY } from './scopes.ts';
import { search } from './search.ts';
import type { Scope } from './state.ts';
import {
  freeingUnaccepted,
  freeingUnclaimed,
  freeingWhatIsOut,
  neverExpiring,
  withoutFencing,
  withoutHolder,
  withoutRevision,
} from './switchedOff.ts';
import { type Rules, World } from './world.ts';

describe('every state that can be reached', () => {
  it.each(SCOPES)('keeps what is promised, and can still come to its end: $title', (scope) => {
    const world = new World(scope);
    const { isWhole, states, steps, breaches } = search(world, { stuck: livenessOf(world) });
    console.log(`${scope.title}: ${states} states, ${steps} steps`);
    expect([...breaches]).toEqual([]);
    expect(isWhole).toBe(true);
  });
});

describe('the search', () => {
  it.each<[string, Rules, Scope, string]>([
    ['completed twice, where a report counts whatever its claim', withoutFencing, LEASES, 'no task is completed twice'],
    ['more out than the limit, where a claim is taken at any revision', withoutRevision, MINDS, 'no more is out than maxInFlight'],
    ['more out than the limit, where unclaimed entries are freed', freeingUnclaimed, ONE_PLACE, 'no more is out than maxInFlight'],
    ['more out than the limit, where entries are freed that are out', freeingWhatIsOut, EXCLUSIVE, 'no more is out than maxInFlight'],
    [
      'a loss, where an entry is freed that SNS has not accepted',
      freeingUnaccepted,
      TOLD_ONLY,
      'what is done by being told stands in a slot until SNS has accepted it',
    ],
    ['two at one task, where any worker may start it', withoutHolder, EXCLUSIVE, 'one worker has an exclusive task'],
    ['a task that never ends, where no lease does', neverExpiring, ONE_PLACE, 'everything can come to its end'],
  ])('finds %s', (_, rules, scope, rule) => {
    const world = new World(scope, rules);
    const { breaches } = search(world, { until: rule, ...(rule.startsWith('everything') ? { stuck: livenessOf(world) } : {}) });
    const way = breaches.get(rule) ?? [];
    console.log([rule, ...way].join('\n  '));
    expect(way).not.toEqual([]);
  });
});
