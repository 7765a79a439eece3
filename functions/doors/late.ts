import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { Decision } from '../../core/actions.ts';
import { putFailures } from '../bus.ts';
import { log, reasonOf } from '../log.ts';

/**
 * Tells that a task's deadline passed before its end, if the decision's write was the first to say so. It is a fact for a
 * metric: what cannot be told fails nobody.
 */
export async function tellIfLate(events: EventBridgeClient, bus: string, decision: Decision, now: number): Promise<void> {
  if (decision.kind !== 'changed' || !decision.missed) return;
  const { id, name, deadlineAt = 0 } = decision.task;
  try {
    await putFailures(events, bus, [{ type: 'late', id, name, deadlineAt }], now);
  } catch (error) {
    log('WARN', 'a missed deadline could not be told', { id, reason: reasonOf(error) });
  }
}
