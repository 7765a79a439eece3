import { storageOf, TOGETHER, WRITES } from './model.ts';
import { type Line, line } from './prices.ts';

/** The same task by other means. What tells a worker of it is the same everywhere: SQS, received in batches of ten, deleted one by one. */
export interface Other {
  readonly name: string;
  /** What it does not do, of what is paid for here. */
  readonly lacks: string;
  readonly lines: readonly Line[];
}

const GB = 0.25;
const CALL_SECONDS = 0.02;
const worker = line('SQS: receive, and delete', 1.1, 'sqsRequest');

/** A schedule for each task, SQS its target: sending to it is a request. */
export const SCHEDULER: Other = {
  name: 'EventBridge Scheduler',
  lacks: 'priority, deadline, acknowledgement, retry of the work, in-flight limit, history; 60 s precision',
  lines: [line('an invocation', 1, 'schedulerCall'), line('SQS: send', 1, 'sqsRequest'), worker],
};

/** A standard workflow: a wait until the date, and a task that sends to SQS and waits for the token. */
export const STEP_FUNCTIONS: Other = {
  name: 'Step Functions',
  lacks: 'priority, in-flight limit',
  lines: [line('state transitions: wait, and tell', 2, 'stateTransition'), line('SQS: send', 1, 'sqsRequest'), worker],
};

/** A durable function: started, it waits, and does the work as a step: no queue. A KB each is written and kept for 14 days after a week's wait. */
export const DURABLE: Other = {
  name: 'Lambda durable functions',
  lacks: 'priority, in-flight limit by app; works in Lambda alone',
  lines: [
    line('operations: start, wait, step', 3, 'durableOperation'),
    line('a KB each', 3e-6, 'durableGbWritten'),
    line('kept for three weeks', (3e-6 * 21) / 30, 'durableGbMonth'),
    line('calls: until the wait, and after it', 2, 'lambdaCall'),
    line('their time: 20 ms each at 256 MB', 2 * CALL_SECONDS * GB, 'lambdaGbSecond'),
  ],
};

/** A delay of SQS is 15 minutes at most: a task of tomorrow is handed on 95 times, in full batches of ten. */
const HOPS_A_DAY = 24 * 4;
export const SQS_DELAY: Other = {
  name: 'SQS delay, a task of tomorrow',
  lacks: 'priority, deadline, cancel, in-flight limit, history; nobody can look at what waits',
  lines: [
    line('send, receive and delete, in tens, each quarter of an hour', 0.3 * (HOPS_A_DAY - 1), 'sqsRequest'),
    line('a call for ten messages', 0.1 * (HOPS_A_DAY - 1), 'lambdaCall'),
    line('its time: 20 ms at 256 MB', 0.1 * (HOPS_A_DAY - 1) * CALL_SECONDS * GB, 'lambdaGbSecond'),
    line('SQS: send the last time', 0.1, 'sqsRequest'),
    worker,
  ],
};

/** What one would write first: the same table, a Lambda of each minute that claims, tells and is told of each task by a call of its own. */
export const ONE_BY_ONE: Other = {
  name: 'one by one: a table, a query a minute, three calls a task',
  lacks: 'slots: no in-flight limit, nothing told again after a crash; seconds late under load',
  lines: [
    line('enqueue, claim, complete: as here, without slots', WRITES.enqueue(TOGETHER) + WRITES.claim(TOGETHER) + 1, 'writeUnit'),
    line('the page of a query, and the row before it is completed', 1.03, 'readUnit'),
    line('two doors', 2, 'lambdaCall'),
    line('their time: 20 ms each at 256 MB', 2 * CALL_SECONDS * GB, 'lambdaGbSecond'),
    line('claim and publish, one after the other: 25 ms', 0.025 * GB, 'lambdaGbSecond'),
    line('SNS: publish', 1, 'snsRequest'),
    worker,
    ...storageOf(TOGETHER),
  ],
};

export const OTHERS: readonly Other[] = [SCHEDULER, STEP_FUNCTIONS, DURABLE, SQS_DELAY, ONE_BY_ONE];
