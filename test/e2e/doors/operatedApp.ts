import { beforeAll, expect, it } from 'vitest';
import type { Told } from '../callDoor.ts';
import { type Doors, HELD } from './Doors.ts';
import { enqueue, instant } from './requests.ts';

const FROM = '2030-01-01T00:00:00Z';
const OPEN = { state: 'open' };
const PAUSED = { state: 'paused' };
const none = { count: 0, isMore: false };
const all = (count: number) => ({ count, isMore: false });

/** The app `mail` by the operate door: one task waits, one is due and held, one is out, two are dead of the same error. */
export function operatedApp(doors: Doors): void {
  const { operate } = doors;
  /** What an action answers, without what every answer has. */
  const ask = async (action: string, parts: object = {}) => {
    const { v, ok, ...answer } = await operate({ v: 1, action, app: 'mail', ...parts });
    expect({ v, ok }, JSON.stringify(answer)).toEqual({ v: 1, ok: true });
    return answer;
  };

  let high: Told;
  let held: Told;
  let out: Told;
  let dead: Told[];

  beforeAll(async () => {
    const { submit, report } = doors.mail;
    high = await submit(enqueue({ name: 'seen', priority: 'high', version: 2, deadlineAt: '2999-01-01T00:00:00.000Z' }));
    held = await submit(enqueue({ name: HELD, priority: 'low', delayMs: 0 }));
    out = await doors.leased(doors.mail, { name: 'seen' });
    dead = [];
    for (const replayable of [false, true]) {
      const { id, claim } = await doors.leased(doors.mail, { name: 'broken', maxAttempts: 1, replayable });
      await report({ v: 1, action: 'fail', id, claim, error: { name: 'TypeError', message: `no paper in ${claim}` } });
      dead.unshift(await doors.shown(doors.mail, id, 'dead'));
    }
    await doors.errorsTold('mail', 2);
    await ask('pause', { name: 'broken' });
  });

  it('answers stats, next, list and versions with what the contract says, and no more', async () => {
    expect(await ask('stats')).toEqual({
      app: 'mail',
      valve: OPEN,
      names: { [HELD]: PAUSED, broken: PAUSED },
      waiting: { high: all(1), medium: none, low: all(1) },
      due: { high: none, medium: none, low: all(1) },
      oldestDueAt: held.dueAt,
      nextDueAt: high.dueAt,
      inFlight: 1,
      maxInFlight: 60,
      dead: all(2),
    });
    const { id, priority, dueAt, deadlineAt } = high;
    expect(await ask('next', { count: 25 })).toEqual({ next: [{ id, name: 'seen', priority, dueAt, deadlineAt, predictedAt: dueAt }] });
    const listed = (one: Told, name: string) => ({
      id: one.id,
      name,
      version: 1,
      state: one.state,
      priority: one.priority,
      dueAt: one.dueAt,
    });
    expect(await ask('list')).toEqual({ tasks: [listed(held, HELD), { ...listed(high, 'seen'), version: 2, deadlineAt }] });
    expect(await ask('list', { state: 'leased' })).toEqual({ tasks: [{ ...listed(out, 'seen'), leaseUntil: out.leaseUntil }] });
    const [latest, first] = dead.map((one) => ({ ...listed(one, 'broken'), endedAt: one.endedAt, fingerprint: one.fingerprint }));
    const page = await ask('list', { state: 'dead', fingerprint: dead[0].fingerprint, limit: 1 });
    expect(page).toEqual({ tasks: [latest], cursor: expect.any(String) });
    expect(await ask('list', { state: 'dead', fingerprint: dead[0].fingerprint, limit: 1, cursor: page.cursor })).toEqual({
      tasks: [first],
    });
    const waiting = await ask('versions');
    const count = (name: string, version: number) => ({ name, version, count: 1 });
    expect(waiting).toEqual({ versions: [count(HELD, 1), count('seen', 2)], cursor: expect.any(String) });
    expect(await ask('versions', { cursor: waiting.cursor })).toEqual({ versions: [count('seen', 1)] });
  });

  it('answers errors, error and resolveError with what the contract says, and no more', async () => {
    const [latest, first] = dead;
    const { fingerprint } = latest;
    const shown = {
      fingerprint,
      app: 'mail',
      name: 'broken',
      errorName: 'TypeError',
      message: 'no paper in 1',
      count: 2,
      deaths: 2,
      firstSeenAt: instant,
      lastSeenAt: instant,
      versions: [1],
      tasks: [first.id, latest.id],
    };
    expect(await ask('errors')).toEqual({ errors: [shown] });
    expect(await ask('error', { fingerprint })).toEqual({ error: shown });
    const resolved = await ask('resolveError', { fingerprint });
    expect(resolved).toEqual({ error: { ...shown, resolvedAt: instant } });
    await doors.expectNothingChanged(async () => expect(await ask('resolveError', { fingerprint })).toEqual(resolved));
    expect(await ask('errors')).toEqual({ errors: [resolved.error] });
  });

  it('replays many only when told so, and says which it would, which it has, and why not the others', async () => {
    const ids = dead.map(({ id }) => id);
    const { fingerprint } = dead[0];
    const empty = { matched: [], replayed: [], refused: [] };
    await doors.expectNothingChanged(async () => {
      expect(await ask('replayAll', { name: 'broken', fingerprint })).toEqual({ ...empty, matched: ids });
      const step = await ask('replayAll', { limit: 1 });
      expect(step).toEqual({ ...empty, matched: [ids[0]], cursor: expect.any(String) });
      expect(await ask('replayAll', { limit: 1, cursor: step.cursor })).toEqual({ ...empty, matched: [ids[1]] });
      for (const others of [{ name: 'seen' }, { fingerprint: 'A'.repeat(22) }, { from: FROM }, { to: '2020-01-01T00:00:00Z' }]) {
        expect(await ask('replayAll', { ...others, dryRun: false })).toEqual(empty);
      }
    });
    expect(await ask('replayAll', { name: 'broken', dryRun: false })).toEqual({
      matched: ids,
      replayed: [ids[0]],
      refused: [{ id: ids[1], reason: expect.stringMatching(/^The task was enqueued with replayable: false: .*\.$/) }],
    });
    const { task } = await operate({ v: 1, action: 'get', id: ids[0] });
    expect(task).toMatchObject({ state: 'scheduled', attempt: 0, attempts: dead[0].attempts });
    expect(task.timeline.at(-1)).toEqual({ at: instant, text: 'replayed' });
    expect(await ask('replayAll', { name: 'broken', dryRun: false })).toMatchObject({ matched: [ids[1]], replayed: [] });
    await operate({ v: 1, action: 'cancel', id: ids[0] });
  });

  it('pauses and resumes the app, or a name, or at a rate, each time with all that is set now; nothing stays paused', async () => {
    await operate({ v: 1, action: 'cancel', id: held.id });
    const names = { [HELD]: PAUSED, broken: PAUSED };
    const app = 'mail';
    /** Asked again it is the same. */
    const twice = async (action: string, parts: object = {}) => {
      const answer = await ask(action, parts);
      expect(await ask(action, parts)).toEqual(answer);
      return answer;
    };
    expect(await twice('pause')).toEqual({ app, valve: PAUSED, names });
    expect(await ask('next')).toEqual({ next: [] });
    expect(await twice('resume', { perMinute: 60 })).toEqual({ app, valve: { state: 'limited', perMinute: 60 }, names });
    expect(await twice('resume', { name: 'broken', perMinute: 1 })).toEqual({
      app,
      valve: { state: 'limited', perMinute: 60 },
      names: { ...names, broken: { state: 'limited', perMinute: 1 } },
    });
    expect((await ask('stats')).valve).toEqual({ state: 'limited', perMinute: 60 });
    await ask('resume', { name: 'broken' });
    expect(await twice('resume', { name: HELD })).toEqual({ app, valve: { state: 'limited', perMinute: 60 }, names: {} });
    expect(await twice('resume')).toEqual({ app, valve: OPEN, names: {} });
    const { apps } = await operate({ v: 1, action: 'describe' });
    expect(apps.map((one: Told) => [one.valve, one.names])).toEqual([
      [OPEN, {}],
      [OPEN, {}],
    ]);
  });
}
