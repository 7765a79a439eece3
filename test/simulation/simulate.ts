import type { TaskRequest } from '../../contract/submit.ts';
import { taskIdOf } from '../../functions/identity.ts';
import { inWorldTime } from './apart.ts';
import { Doors } from './doors.ts';
import { isDrained, judgeEnd } from './ending.ts';
import type { FaultKind, FaultLimits } from './faults.ts';
import { type Intent, planOf, TROUBLE_MS, withDeadline } from './plan.ts';
import { Dispatchers, Failures } from './system.ts';
import { Workers } from './workers.ts';
import { World } from './world.ts';

/** How long everything may take to come to its end once nothing goes wrong any more: retries, leases and hidden messages in a row. */
const DRAIN_MS = 20 * 60_000;

/** Which part of a seed's history is played. @default all of it */
export interface Limits extends FaultLimits {
  readonly tasks?: number | undefined;
}

/** What came of one seed. */
export interface Played {
  readonly seed: number;
  readonly steps: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  readonly violations: readonly string[];
  readonly story: readonly string[];
}

/** Plays the history of a seed: trouble for a while, then peace until all is done, and the judgement. */
export async function simulate(seed: number, limits: Limits = {}): Promise<Played> {
  const { settings, deployments, intents } = planOf(seed, limits.tasks);
  const world = new World(seed, settings, limits, !intents.some(({ type }) => type === 'pause'));
  const { timeline, faults, history } = world;
  await inWorldTime(world, async () => {
    for (const deployment of deployments) {
      if (deployment.atMs === 0) world.deploy(deployment);
      else timeline.after(deployment.atMs, () => world.deploy(deployment));
    }
    const doors = new Doors(world);
    const dispatchers = new Dispatchers(world);
    world.invoke = (part, goesOn) => dispatchers.invoke(part, goesOn);
    new Failures(world);
    new Workers(world, doors);
    const accepted = new Map<string, unknown>();
    let asking = 0;
    for (const intent of intents) {
      timeline.after(intent.atMs, () => {
        asking++;
        void ask(world, doors, intent, accepted).finally(() => asking--);
      });
    }
    await timeline.pass(world.beginning + TROUBLE_MS);
    faults.stop();
    world.judge.begin();
    history.tell('nothing goes wrong any more');
    for (const name of [undefined, 'fine', 'poison']) {
      world.judge.pauses.opening(name);
      void doors.setValve(name, undefined);
    }
    const isDone = () => asking === 0 && isDrained(world);
    await timeline.pass(timeline.now + DRAIN_MS, isDone);
    judgeEnd(
      world,
      new Set(intents.flatMap((one) => (one.type === 'enqueue' ? [one.request.idempotencyKey ?? ''] : []))),
      new Set(accepted.keys()),
    );
  });
  return { seed, steps: timeline.steps, faults: faults.counts, violations: history.violations, story: history.lines };
}

/** `accepted`: what doors took of the requests to enqueue, payloads by id. */
async function ask(world: World, doors: Doors, intent: Intent, accepted: Map<string, unknown>): Promise<void> {
  const { history, settings, timeline, judge } = world;
  switch (intent.type) {
    case 'enqueue':
      return enqueue(world, doors, intent.request, accepted);
    case 'pause':
    case 'resume': {
      const rate = intent.perMinute === undefined ? undefined : { perMinute: intent.perMinute, since: timeline.now };
      if (intent.type === 'resume') judge.pauses.opening(intent.name);
      const paused = judge.pauses.asked(intent.name);
      const told = await doors.setValve(intent.name, intent.type === 'pause' ? 'paused' : rate);
      if (intent.type === 'resume') judge.pauses.opening(intent.name);
      else if (told) paused();
      history.tell(`${intent.type} ${intent.name ?? 'all'}`);
      return;
    }
    default: {
      const id = taskIdOf(settings.app, intent.key);
      const more =
        intent.type === 'reschedule' ? { delayMs: intent.toMs } : intent.type === 'reprioritize' ? { priority: 'low' as const } : {};
      const request = { v: 1, action: intent.type, id, ...more } as Parameters<Doors['change']>[0];
      const told = await doors.change(request);
      history.tell(`${intent.type} ${intent.key}: ${JSON.stringify(told && 'refused' in told ? told : told && 'done')}`);
      const isCancelled = intent.type !== 'cancel' || !told || 'refused' in told || judge.cancelled.has(id);
      history.must(isCancelled, 'a cancel that was answered has won', id);
      const stranger = await doors.change(request, { ...settings, app: 'shipping' });
      const isRefused = !stranger || ('refused' in stranger && stranger.refused === 'NotFound');
      history.must(isRefused, "another app's task is not there", `${id}: ${JSON.stringify(stranger)}`);
    }
  }
}

async function enqueue(world: World, doors: Doors, request: TaskRequest, accepted: Map<string, unknown>): Promise<void> {
  const { history, cloud } = world;
  const { idempotencyKey: key = '', name, priority, payload } = request;
  history.tell(`enqueue ${key}: ${name} ${priority}`);
  const told = await doors.enqueue(withDeadline(request, world.beginning));
  history.tell(`enqueue ${key}: ${JSON.stringify(told)}`);
  if (!told || !('answer' in told)) return;
  const { id } = told.answer;
  history.must(!accepted.has(id) || accepted.get(id) === payload, 'a key is for one request', id);
  accepted.set(id, payload);
  history.must(cloud.table.rows.has(id), 'what was accepted is there', id);
}
