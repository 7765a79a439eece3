import { SLOT_SIZE } from '../../core/slots.ts';
import { type Line, line } from './prices.ts';

/** Memory of the doors and the dispatcher, as `infra/system-function.ts` has it. */
const GB = 0.25;
/** Taken for a call of a door: one or two calls of DynamoDB at about 5 ms, and some milliseconds at a seventh of a vCPU. */
const DOOR_SECONDS = 0.02;
/** Bytes that DynamoDB adds to a row when it bills its storage ("DynamoDB item sizes and formats"). */
const ROW_OVERHEAD_BYTES = 100;
const BYTES_PER_GB = 1e9;
/** How long a row is there: a week before its date, and 14 days after its end, which is the default. */
const STORED_MONTHS = 21 / 30;

/** What the price of a task depends on: how it is asked for, in whose company it falls due, and who works on it. */
export interface Way {
  readonly name: string;
  /** Tasks in a call of the submit door. */
  readonly submitBatch: number;
  /** Tasks claimed at once, 1 to 25: as many as fall due within a beat. */
  readonly claimBatch: number;
  /** Tasks told at once, 1 to 10: as many as fall due at one instant. */
  readonly publishBatch: number;
  /** Seconds that the dispatcher stays, for each task. */
  readonly staySeconds: number;
  /** Messages that a worker takes, and deletes, at once. */
  readonly receiveBatch: number;
  readonly deleteBatch: number;
  /** Bytes of the row once the task has ended. */
  readonly rowBytes: number;
  readonly hasDeadline?: boolean;
  readonly isListed?: boolean;
  readonly isUnacknowledged?: boolean;
}

/** A thousand tasks at one instant, each enqueued by a call of its own; a process works on them. A tick comes half a minute before, on average. */
export const TOGETHER: Way = {
  name: '1,000 due together',
  ...{ submitBatch: 1, claimBatch: SLOT_SIZE, publishBatch: 10, staySeconds: 0.035, receiveBatch: 10, deleteBatch: 1, rowBytes: 516 },
};
/** The cheapest: in batches from one end to the other. */
export const BATCHED: Way = { ...TOGETHER, name: 'the same, enqueued by the hundred, a Lambda worker', submitBatch: 100, deleteBatch: 10 };
/** Each at an instant of its own, so that it is told alone; claimed by the half beat. */
export const SPREAD: Way = { ...TOGETHER, name: '1,000 spread over a minute', claimBatch: 7, publishBatch: 1, staySeconds: 0.1 };
/** The dispatcher stays for each of them. */
export const ALONE: Way = { ...TOGETHER, name: 'one each 10 s', claimBatch: 1, publishBatch: 1, staySeconds: 10, receiveBatch: 1 };

/** Write units of a task's whole life. */
export const WRITES = {
  /** The row, and its place in `due`; in `watch` too, where it has a deadline. */
  enqueue: ({ hasDeadline }: Way): number => 2 + (hasDeadline ? 1 : 0),
  /** The row, and leaving `due`; `watch` too; entering it again, where a task that ends with its claim is listed. */
  claim: ({ hasDeadline, isListed, isUnacknowledged }: Way): number => 2 + (hasDeadline ? 1 : 0) + (isListed && isUnacknowledged ? 1 : 0),
  /** A slot before each batch of claims, each slot once more for what was told last, and three writes a run: seat taken, left, slot. */
  slots: ({ claimBatch, staySeconds }: Way): number => 1 / claimBatch + 1 / SLOT_SIZE + (3 * staySeconds) / 60,
  complete: ({ isListed, isUnacknowledged }: Way): number => (isUnacknowledged ? 0 : 1 + (isListed ? 1 : 0)),
};

/** Read units of a task's whole life. */
export const READS = {
  /** The seat once a beat, the lanes by the page, and, where its end is told by a worker, one look whether it has come (not consistent). */
  dispatcher: ({ staySeconds, claimBatch, isUnacknowledged }: Way): number =>
    staySeconds + 0.08 + 0.5 / claimBatch + (isUnacknowledged ? 0 : 0.5),
  /** The report door reads the row that it completes: not consistently, for what it writes is conditional on what it has read. */
  report: ({ isUnacknowledged }: Way): number => (isUnacknowledged ? 0 : 0.5),
};

/** What one task costs. */
export function linesOf(way: Way): Line[] {
  const reports = way.isUnacknowledged ? 0 : 1;
  const doorCalls = 1 / way.submitBatch + reports;
  return [
    line('enqueue: the row and its place in `due`', WRITES.enqueue(way), 'writeUnit'),
    line('claim: the row, and leaving `due`', WRITES.claim(way), 'writeUnit'),
    line('slots and seat: before a batch of claims, and after', WRITES.slots(way), 'writeUnit'),
    line('complete: the row', WRITES.complete(way), 'writeUnit'),
    line('the report door reads the row', READS.report(way), 'readUnit'),
    line('the dispatcher reads lanes, seat, and what has ended', READS.dispatcher(way), 'readUnit'),
    line('calls of the doors: submit and report', doorCalls, 'lambdaCall'),
    line('their time: 20 ms each at 256 MB', doorCalls * DOOR_SECONDS * GB, 'lambdaGbSecond'),
    line("the dispatcher's stay at 256 MB", way.staySeconds * GB, 'lambdaGbSecond'),
    line('SNS: publish', 1 / way.publishBatch, 'snsRequest'),
    line('SQS: receive, and delete', 1 / way.receiveBatch + 1 / way.deleteBatch, 'sqsRequest'),
    ...storageOf(way),
  ].filter(({ count }) => count > 0);
}

/** The row as long as it is there, and its backup. */
export function storageOf({ rowBytes }: Way): Line[] {
  const gbMonths = ((rowBytes + ROW_OVERHEAD_BYTES) / BYTES_PER_GB) * STORED_MONTHS;
  return [
    line('storage: a week before, 14 days after', gbMonths, 'storedGbMonth'),
    line('its point-in-time recovery', gbMonths, 'recoverableGbMonth'),
  ];
}

/** What a batch of the failure function takes, for `batch` events of the bus together: queue, call, count of the error, metrics. */
const failureBatch = (batch: number): Line[] => [
  line('SQS: send, receive, delete', 1 + 2 / batch, 'sqsRequest'),
  line('a call of the failure function', 1 / batch, 'lambdaCall'),
  line('its time: 50 ms at 256 MB', (0.05 * GB) / batch, 'lambdaGbSecond'),
  line('the error is counted', 1 / batch, 'writeUnit'),
  line('metrics', 1 / batch, 'putMetricData'),
];

/** What an attempt that fails adds: the worker's word of it, the failure path, and being claimed and told once more. By formula alone. */
export function failedAttempt(batch: number): Line[] {
  const again: Way = { ...TOGETHER, staySeconds: 0 };
  return [
    line('report: fail', 1, 'lambdaCall'),
    line('its time: 20 ms at 256 MB', DOOR_SECONDS * GB, 'lambdaGbSecond'),
    line('the row read by the door, and by the failure function', 2, 'readUnit'),
    line('an event', 1, 'busEvent'),
    line('the row, back in `due`', 2, 'writeUnit'),
    ...failureBatch(batch),
    line('claim and slot of the next attempt', WRITES.claim(again) + WRITES.slots(again), 'writeUnit'),
    line('a look whether it has ended', READS.dispatcher(again), 'readUnit'),
    line('SNS: publish', 1 / again.publishBatch, 'snsRequest'),
    line('SQS: receive, and delete', 1 / again.receiveBatch + 1 / again.deleteBatch, 'sqsRequest'),
  ];
}

/** What a missed deadline adds: one event, which is counted. By formula alone. */
export const missedDeadline = (batch: number): Line[] => [line('an event', 1, 'busEvent'), ...failureBatch(batch)];
