import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../contract/limits.ts';
import type { OPERATE_ACTIONS } from '../../../contract/operate.ts';
import type { Told } from '../callDoor.ts';
import { type Doors, HELD } from './Doors.ts';
import { operatedApp } from './operatedApp.ts';
import {
  type Asked,
  BAD_COUNTS,
  BAD_FILTERS,
  NO_APPS,
  NO_CURSORS,
  NO_FINGERPRINTS,
  NO_NAMES,
  NO_REQUESTS,
  type Refusal,
  refusesAll,
  refusesByField,
  TASK_REQUESTS,
} from './refusals.ts';
import { enqueue, HOUR, instant, NO_TASK } from './requests.ts';
import { taskActions } from './taskActions.ts';

const APP = { app: 'mail' };
const BAD_APP = { app: NO_APPS };
const FROM = '2030-01-01T00:00:00Z';
const ERROR = { ...APP, fingerprint: 'A'.repeat(22) };
const BAD_ERROR = { ...BAD_APP, fingerprint: [undefined, ...NO_FINGERPRINTS] };

const OF_THE_QUEUE = {
  describe: { right: {}, bad: { app: ['mail'] } },
  stats: { right: APP, bad: { ...BAD_APP } },
  next: { right: APP, bad: { ...BAD_APP, ...BAD_COUNTS } },
  list: { right: APP, bad: { ...BAD_APP, state: ['completed'], fingerprint: ['A'.repeat(22)], limit: [0], cursor: NO_CURSORS } },
  versions: { right: APP, bad: { ...BAD_APP, cursor: NO_CURSORS } },
  replayAll: {
    right: { ...APP, from: FROM },
    bad: { ...BAD_APP, ...BAD_FILTERS, fingerprint: NO_FINGERPRINTS, dryRun: ['no', 0], state: ['dead'] },
  },
  errors: { right: APP, bad: { ...BAD_APP, cursor: NO_CURSORS } },
  error: { right: ERROR, bad: BAD_ERROR },
  resolveError: { right: ERROR, bad: BAD_ERROR },
  pause: { right: APP, bad: { ...BAD_APP, name: NO_NAMES, perMinute: [60] } },
  resume: { right: APP, bad: { ...BAD_APP, name: NO_NAMES, perMinute: [0, LIMITS.perMinute + 1] } },
} as const satisfies Record<Exclude<(typeof OPERATE_ACTIONS)[number], keyof typeof TASK_REQUESTS>, Asked>;

const ACTIONS: Readonly<Record<string, Asked>> = {
  ...OF_THE_QUEUE,
  // The fields are those of the submit door; but the id alone says whose the task is.
  ...Object.fromEntries(Object.entries<Asked>(TASK_REQUESTS).map(([action, { right }]) => [action, { right, bad: { app: ['billing'] } }])),
};

const REFUSED: readonly Refusal[] = [
  ...NO_REQUESTS,
  { what: 'an action of the submit door', request: enqueue(), field: 'action' },
  { what: 'an action of the report door', request: { v: 1, action: 'complete', id: NO_TASK, claim: 1 }, field: 'action' },
  { what: 'a later version of the contract', request: { v: 2, action: 'describe' }, field: 'v' },
  { what: 'the stats of no app', request: { v: 1, action: 'stats' }, field: 'app' },
  { what: 'an error that is not there', request: { v: 1, action: 'error', ...ERROR }, code: 'NotFound', field: 'fingerprint' },
  {
    what: 'to resolve an error that is not there',
    request: { v: 1, action: 'resolveError', ...ERROR },
    code: 'NotFound',
    field: 'fingerprint',
  },
  ...Object.entries<Asked>(TASK_REQUESTS).map(([action, { right }]) => ({
    what: `to ${action} no task`,
    request: { v: 1, action, ...right },
    code: 'NotFound',
    field: 'id',
  })),
];

const OPEN = { state: 'open' };
const PAUSED = { state: 'paused' };

export function operateDoor(doors: Doors): void {
  const { operate } = doors;
  taskActions(doors, operate);

  refusesAll(doors, operate, 'what is no request of its, and what is not there', REFUSED);
  refusesByField(doors, operate, ACTIONS);

  it('refuses an app that is not there with those that are, whatever is asked, and changes nothing', async () => {
    await doors.expectNothingChanged(async () => {
      for (const [action, { right }] of Object.entries(ACTIONS).filter(([name]) => name !== 'describe')) {
        const other = 'id' in right ? { id: NO_TASK.replace('billing', 'shipping') } : { app: 'shipping' };
        expect(await operate({ v: 1, action, ...right, ...other }), action).toEqual({
          v: 1,
          ok: false,
          error: {
            code: 'NotFound',
            message: 'This queue has no app shipping. Its apps: billing, mail.',
            ...('id' in other ? { field: 'id', got: other.id } : { field: 'app', got: 'shipping' }),
            allowed: 'billing, mail',
            retryable: false,
          },
        });
      }
    });
  });

  it('describes the apps with their settings, what was set on their ways out, and the dispatcher', async () => {
    const policy = { maxAttempts: 10, backoffBaseMs: 5_000, backoffCapMs: HOUR, demoteAfter: 3, leaseMs: 300_000 };
    const limits = {
      shards: 1,
      precision: 'second',
      deadlineLeadMs: 900_000,
      retentionMs: 14 * 24 * HOUR,
      listCompleted: false,
      alarms: false,
    };
    const usual = { tasks: {}, ...limits, whenLate: 'run', escalated: 'first', valve: OPEN };
    const billing = { ...usual, app: 'billing', topicArn: doors.output('BillingTopicArn'), maxInFlight: 500, names: {} };
    const mail = { ...usual, app: 'mail', topicArn: doors.output('MailTopicArn'), maxInFlight: 60, names: { [HELD]: PAUSED } };
    const { dispatcher, ...answer } = await operate({ v: 1, action: 'describe' });
    // Nobody is alive while nothing is due.
    expect({ aliveUntil: instant, ...dispatcher }).toEqual({ runs: expect.any(Number), aliveUntil: instant });
    expect(answer).toEqual({ v: 1, ok: true, apps: answer.apps });
    expect(answer.apps.sort((a: Told, b: Told) => (a.app < b.app ? -1 : 1))).toEqual([
      { ...billing, policy: { ...policy, maxAttempts: 2 } },
      { ...mail, policy },
    ]);
  });

  describe('an app with some of everything', () => operatedApp(doors));
}
