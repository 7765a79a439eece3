import { type EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import * as v from 'valibot';
import { DISPATCHER_SOURCE, FAILURE_SOURCE } from '../contract/events.ts';
import { claim, taskId, taskName, worker } from '../contract/fields.ts';
import { wire } from '../contract/view.ts';

const ERROR = v.object({ name: v.string(), message: v.string(), stack: v.optional(v.string()) });

/** What the failure Lambda is told, as it travels in a CloudEvent's `data`: requests to decide upon, and one plain fact. */
export const failureRequest = v.variant('type', [
  v.object({ type: v.literal('fail'), id: taskId, claim, error: ERROR, worker: v.optional(worker) }),
  /** `error`: why SNS did not take the notification, where it did not. */
  v.object({ type: v.literal('expire'), id: taskId, claim, error: v.optional(ERROR) }),
  /** SNS will not take the notification as it is. */
  v.object({ type: v.literal('refuse'), id: taskId, claim, error: ERROR }),
  /** A waiting task is worthless since its deadline. */
  v.object({ type: v.literal('miss'), id: taskId }),
  /** A row that cannot be read as a task; its id is whatever the row's key is. */
  v.object({ type: v.literal('quarantine'), id: v.string(), reason: v.string() }),
  /** A fact: the deadline passed before the task was complete. Put once a task, by whoever wrote its mark. */
  v.object({ type: v.literal('late'), id: taskId, name: taskName, deadlineAt: v.number() }),
]);
export type FailureRequest = v.InferOutput<typeof failureRequest>;

/** Events in one `PutEvents` (EventBridge API reference: "up to 10"). */
const EVENTS_PER_CALL = 10;

const DETAIL_TYPES = {
  fail: 'punctual.task.failed',
  expire: 'punctual.task.expired',
  refuse: 'punctual.task.refused',
  miss: 'punctual.task.worthless',
  quarantine: 'punctual.task.unreadable',
  late: 'punctual.task.deadline-missed',
} as const satisfies Record<FailureRequest['type'], string>;

/** How often what the bus did not take is put again: it throttles for moments. */
const TRIES = 2;

/**
 * Puts failures on the bus as CloudEvents, those that it did not take a second time. One that it never takes holds no other
 * back; put again as a whole, the others come twice, which changes nothing.
 *
 * @throws if the bus did not take one of them
 */
export async function putFailures(events: EventBridgeClient, bus: string, requests: readonly FailureRequest[], now: number): Promise<void> {
  let left = requests.map((request) => entryOf(bus, request, now));
  let code: string | undefined;
  for (let tries = 0; tries < TRIES && left.length > 0; tries++) {
    const refused: PutEventsRequestEntry[] = [];
    for (let from = 0; from < left.length; from += EVENTS_PER_CALL) {
      const Entries = left.slice(from, from + EVENTS_PER_CALL);
      const { Entries: answers = [] } = await events.send(new PutEventsCommand({ Entries }));
      code = answers.find(({ ErrorCode }) => ErrorCode)?.ErrorCode ?? code;
      refused.push(...Entries.filter((_, i) => answers[i]?.ErrorCode !== undefined));
    }
    left = refused;
  }
  if (left.length > 0) throw new Error(`The bus refused ${left.length} of ${requests.length} events: ${code}`);
}

/** Has another run of a dispatcher begin at once. Not tried twice: the next tick does the same. */
export async function putGoOn(events: EventBridgeClient, bus: string, part: number): Promise<void> {
  const Detail = JSON.stringify({ part, goesOn: true });
  const entry = { EventBusName: bus, Source: DISPATCHER_SOURCE, DetailType: 'punctual.dispatcher.cut-short', Detail };
  await events.send(new PutEventsCommand({ Entries: [entry] }));
}

const entryOf = (bus: string, request: FailureRequest, now: number): PutEventsRequestEntry => ({
  EventBusName: bus,
  Source: FAILURE_SOURCE,
  DetailType: DETAIL_TYPES[request.type],
  Detail: JSON.stringify({
    specversion: '1.0',
    // The same failure reported twice has the same id.
    id: `${request.id}/${occasionOf(request)}/${request.type}`,
    source: 'punctual',
    type: DETAIL_TYPES[request.type],
    subject: request.id,
    time: wire(now),
    datacontenttype: 'application/json',
    data: request,
  }),
});

/** What tells one such event of a task from the next. */
const occasionOf = (request: FailureRequest): string | number =>
  'claim' in request ? request.claim : 'deadlineAt' in request ? wire(request.deadlineAt) : 'once';
