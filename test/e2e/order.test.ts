import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PunctualClient, PunctualOperator, TaskInput } from '../../client/index.ts';
import { Deployment } from './deployment.ts';
import { sendSnsThrough } from './gate.ts';
import { RecordingGate } from './recordingGate.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const MINUTE = 60_000;
const LEVELS = ['high', 'medium', 'low'] as const;
/** Tasks of the mixed set; a third of each level, and of each kind a tenth. */
const COUNT = 300;

/** A task as it was asked for, with all that its place depends on, told without the shipped comparator. */
interface Asked {
  readonly task: TaskInput;
  /** Levels 0 to 2; a reached deadline is level 0. */
  readonly level: number;
  /** A deadline within the lead, else Infinity. */
  readonly close: number;
  /** Front tasks before all others, the latest first; others by date, then by arrival. */
  readonly place: readonly [number, number];
}

/** Ten kinds of tasks, all due, in turn. Ties at one instant: the dates are few. */
function mixed(count: number, now: number): Asked[] {
  return Array.from({ length: count }, (_, i): Asked => {
    const level = (i * 7) % 3;
    const base: TaskInput = { name: 'mixed', priority: LEVELS[level] ?? 'low', payload: { i } };
    const dueAt = now - (1 + (i % 4)) * MINUTE;
    const date = { dueAt: new Date(dueAt) };
    const by = (ms: number) => ({ deadlineAt: new Date(ms) });
    const late = now - ((i * 13) % 50) * 1_000;
    const close = now + 5 * MINUTE + ((i * 11) % 40) * 1_000;
    switch (i % 10) {
      case 0:
      case 1:
        return { task: { ...base, position: 'front' }, level, close: Number.POSITIVE_INFINITY, place: [0, -i] };
      case 2:
        return { task: { ...base, ...date, ...by(late) }, level: 0, close: late, place: [dueAt, i] };
      case 3:
        return { task: { ...base, ...date, ...by(close) }, level, close, place: [dueAt, i] };
      case 4:
        // Not close: the lead is 15 minutes.
        return { task: { ...base, ...date, ...by(now + 120 * MINUTE) }, level, close: Number.POSITIVE_INFINITY, place: [dueAt, i] };
      default:
        return { task: { ...base, ...date }, level, close: Number.POSITIVE_INFINITY, place: [dueAt, i] };
    }
  });
}

const inPlace = (a: Asked, b: Asked): number =>
  a.level - b.level || (a.close === b.close ? 0 : a.close - b.close) || a.place[0] - b.place[0] || a.place[1] - b.place[1];

describe('due tasks of mixed kind, enqueued while their app is paused', () => {
  let deployment: Deployment;
  let gate: RecordingGate;
  let operator: PunctualOperator;
  let client: PunctualClient;
  let worker: WorkerProcess;

  beforeAll(async () => {
    deployment = await Deployment.of({ apps: { mixed: { maxInFlight: 500 }, serial: { maxInFlight: 1 } } });
    gate = await new RecordingGate(deployment.aws.endpoint).open();
    await sendSnsThrough(deployment, gate);
    operator = await deployment.operator();
    for (const app of ['mixed', 'serial']) await operator.pause(app);
  });

  afterAll(async () => {
    await worker?.stop();
    await deployment?.remove();
    await gate?.close();
  });

  /** Enqueues and resumes; answers the ids in the order in which they must go. */
  async function letGo(app: string, asked: Asked[]): Promise<string[]> {
    client = await deployment.client(app);
    const ids = new Map<Asked, string>();
    for (let from = 0; from < asked.length; from += 100) {
      const batch = asked.slice(from, from + 100);
      const results = await client.enqueueBatch(batch.map(({ task }) => task));
      for (const [i, result] of results.entries()) ids.set(batch[i] as Asked, result.ok ? result.id : `refused: ${result.error.message}`);
    }
    await operator.resume(app);
    return [...asked].sort(inPlace).map((one) => ids.get(one) ?? '');
  }

  it(`${COUNT} of them are claimed and published in exactly the order of the comparator, and all of them arrive`, async () => {
    worker = await WorkerProcess.start(deployment, 'mixed', ['mixed']);
    const expected = await letGo('mixed', mixed(COUNT, Date.now()));
    await until('all to be published', () => gate.published.length >= COUNT, 120_000);
    expect(gate.published).toEqual(expected);
    const claimedAt = (await Promise.all(expected.map((id) => deployment.item(id)))).map((row) => claimInstant(row));
    expect(claimedAt).toEqual([...claimedAt].sort((a, b) => a - b));
    // SQS may give a message out twice; the queue tells nothing twice: one claim each, one publish each, to the end.
    const ofAll = () => [...new Set(worker.heard.map(({ id }) => id))];
    await until('all to arrive', () => ofAll().length >= COUNT, 120_000);
    expect(new Set(worker.heard.map(({ id, claim }) => `${id} ${claim}`)).size).toBe(COUNT);
    expect(gate.published).toEqual(expected);
    const arrived = ofAll();
    const inversions = arrived.slice(1).filter((id, i) => expected.indexOf(id) < expected.indexOf(arrived[i] ?? '')).length;
    console.info(`order of arrival at the worker: ${inversions} of ${COUNT - 1} neighbours the other way round`);
    expect([...arrived].sort()).toEqual([...expected].sort());
    await worker.stop();
  });

  it('with maxInFlight 1 they arrive at the worker in exactly that order', async () => {
    worker = await WorkerProcess.start(deployment, 'serial', ['mixed']);
    const expected = await letGo('serial', mixed(20, Date.now()));
    await until('all to arrive', () => worker.heard.length >= expected.length, 120_000);
    expect(worker.heard.map(({ id }) => id)).toEqual(expected);
  });
});

/** When a task was claimed, whether it is out or has ended. */
function claimInstant(row: Record<string, unknown> | undefined): number {
  const attempts = (row?.attempts ?? []) as { claimedAt: number }[];
  return Number(row?.claimedAt ?? attempts.at(-1)?.claimedAt);
}
