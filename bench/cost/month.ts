import { linesOf, TOGETHER, type Way } from './model.ts';
import { dollarsOf, type Line, line } from './prices.ts';

const GB = 0.25;
const MONTH_SECONDS = 30 * 24 * 3_600;
const TICKS = MONTH_SECONDS / 60;
/** For how long a run stays for a task that comes alone: a tick finds it up to so long before. */
const STAY_FOR_ONE_SECONDS = 65;
/** A call of SNS: who falls due meanwhile is told together. */
const PUBLISH_SECONDS = 0.02;
/** Lambda's own two lines about a call, in JSON: its start and its report, with what CloudWatch adds to each. */
const LOG_GB_A_CALL = 550 / 1e9;
/** Taken for a tick that finds nothing. */
const IDLE_TICK_SECONDS = 0.05;

/** What watching costs, whatever is done: as the constructs make it. */
export const WATCHING: readonly Line[] = [
  line('alarms of a queue', 16, 'alarmMonth'),
  line("alarm on each worker's dead-letter queue", 1, 'alarmMonth'),
  line('metrics of a queue: 11, one of them by priority', 13, 'metricMonth'),
  line('putting them: once a run that has something to say, at most', TICKS, 'putMetricData'),
  line('dashboard (`dashboard: false` leaves it out)', 1, 'dashboardMonth'),
];

/** An app with alarms of its own, beside that. */
export const APP_WATCHING: readonly Line[] = [
  line('alarms of an app with `alarms: true`', 3, 'alarmMonth'),
  line('its own metrics, put in the same calls, at most', 13, 'metricMonth'),
];

/** A queue with one app of one shard where nothing happens: a tick reads the seat and the head of each of three lanes. */
export const IDLE: readonly Line[] = [
  line('the rule: an event a minute, if it counts as one of ours', TICKS, 'busEvent'),
  line('ticks', TICKS, 'lambdaCall'),
  line('their time: 50 ms at 256 MB', TICKS * IDLE_TICK_SECONDS * GB, 'lambdaGbSecond'),
  line('seat, and a query a lane, not consistent', TICKS * (1 + 3 * 0.5), 'readUnit'),
  line("a Lambda worker's pollers: 15 empty receives a minute", TICKS * 15, 'sqsRequest'),
];

/** A run that never leaves: what it costs in a month to be there, beat by beat. */
export const RESIDENT: readonly Line[] = [
  line('the dispatcher at 256 MB, all month', MONTH_SECONDS * GB, 'lambdaGbSecond'),
  line('the seat, read twice a second, not consistent', MONTH_SECONDS, 'readUnit'),
];

/** An own key for the table and the alerts: what each function keeps of it in memory lasts five minutes. */
export const KMS: readonly Line[] = [
  line('the key', 1, 'kmsKeyMonth'),
  line('ten functions that ask for it every five minutes', (10 * MONTH_SECONDS) / 300, 'kmsRequest'),
];

/** How tasks that fall due evenly over a month are worked on. */
export function evenly(tasks: number): Way {
  const apartSeconds = MONTH_SECONDS / tasks;
  return {
    ...TOGETHER,
    name: 'evenly over a month',
    claimBatch: Math.min(25, Math.max(1, 1 / apartSeconds)),
    publishBatch: Math.min(10, Math.max(1, PUBLISH_SECONDS / apartSeconds)),
    staySeconds: Math.min(apartSeconds, STAY_FOR_ONE_SECONDS),
  };
}

/** Everything that a month of so many tasks costs, spread evenly: tasks, their dispatcher, logs, watching, and what being there costs. */
export function monthOf(tasks: number): { readonly tasks: number; readonly logs: number; readonly fixed: number; readonly all: number } {
  const ofTasks = tasks * dollarsOf(linesOf(evenly(tasks)));
  const logs = dollarsOf([line('logs of two doors', 2 * tasks * LOG_GB_A_CALL, 'logGb')]);
  const fixed = dollarsOf(WATCHING) + dollarsOf(IDLE);
  return { tasks: ofTasks, logs, fixed, all: ofTasks + logs + fixed };
}
