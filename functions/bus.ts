import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import * as v from 'valibot';
import { claim, taskId, worker } from '../contract/fields.ts';
import { wire } from '../contract/view.ts';

const ERROR = v.object({ name: v.string(), message: v.string(), stack: v.optional(v.string()) });

/** A request to the failure Lambda, as it travels in a CloudEvent's `data`. */
export const failureRequest = v.variant('type', [
  v.object({ type: v.literal('fail'), id: taskId, claim, error: ERROR, worker: v.optional(worker) }),
  v.object({ type: v.literal('expire'), id: taskId, claim }),
]);
export type FailureRequest = v.InferOutput<typeof failureRequest>;

/** Events in one `PutEvents` (EventBridge API reference: "up to 10"). */
const EVENTS_PER_CALL = 10;

const DETAIL_TYPES = { fail: 'punctual.task.failed', expire: 'punctual.task.expired' } as const;

/**
 * Puts failures on the bus as CloudEvents.
 *
 * @throws if the bus did not take one of them
 */
export async function putFailures(events: EventBridgeClient, bus: string, requests: readonly FailureRequest[], now: number): Promise<void> {
  for (let from = 0; from < requests.length; from += EVENTS_PER_CALL) {
    const Entries = requests.slice(from, from + EVENTS_PER_CALL).map((request) => ({
      EventBusName: bus,
      Source: 'punctual',
      DetailType: DETAIL_TYPES[request.type],
      Detail: JSON.stringify({
        specversion: '1.0',
        // The same failure reported twice has the same id.
        id: `${request.id}/${request.claim}/${request.type}`,
        source: 'punctual',
        type: DETAIL_TYPES[request.type],
        subject: request.id,
        time: wire(now),
        datacontenttype: 'application/json',
        data: request,
      }),
    }));
    const { FailedEntryCount = 0, Entries: answers = [] } = await events.send(new PutEventsCommand({ Entries }));
    if (FailedEntryCount > 0)
      throw new Error(
        `The bus refused ${FailedEntryCount} of ${Entries.length} events: ${answers.find(({ ErrorCode }) => ErrorCode)?.ErrorCode}`,
      );
  }
}
