import { taskIdOf } from '../../functions/identity.ts';
import { apart } from './apart.ts';
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
  await apart(world, async () => {
    for (const deployment of deployments) {
      if (deployment.atMs === 0) world.deploy(deployment);
      else timeline.after(deployment.atMs, () => world.deploy(deployment));
    }
    const doors = new Doors(world);
    const dispatchers = new Dispatchers(world);
    world.invoke = (part, goesOn) => dispatchers.invoke(part, goesOn);
    new Failures(world);
    new Workers(world, doors);
    const accepted = new Set<string>();
    let asking = 0;
    for (const intent of intents) {
      timeline.after(intent.atMs, () => {
        asking++;
        void ask(world, doors, intent, accepted).finally(() => asking--);
      });
    }
    await timeline.pass(world.beginning + TROUBLE_MS);
    faults.stop();
    history.tell('nothing goes wrong any more');
    for (const name of [undefined, 'fine', 'poison']) void doors.setValve(name, undefined);
    const isDone = () => asking === 0 && isDrained(world);
    await timeline.pass(timeline.now + DRAIN_MS, isDone);
    judgeEnd(world, new Set(intents.flatMap((one) => (one.type === 'enqueue' ? [one.request.idempotencyKey ?? ''] : []))), accepted);
  });
  return { seed, steps: timeline.steps, faults: faults.counts, violations: history.violations, story: history.lines };
}

async function ask(world: World, doors: Doors, intent: Intent, accepted: Set<string>): Promise<void> {
  const { history, settings, cloud, timeline } = world;
  const v = 1;
  switch (intent.type) {
    case 'enqueue': {
      const key = intent.request.idempotencyKey ?? '';
      history.tell(`enqueue ${key}: ${intent.request.name} ${intent.request.priority}`);
      const told = await doors.enqueue(withDeadline(intent.request, world.beginning));
      history.tell(`enqueue ${key}: ${JSON.stringify(told)}`);
      if (!told || !('answer' in told)) return;
      accepted.add(told.answer.id);
      history.must(cloud.table.rows.has(told.answer.id), 'what was accepted is there', told.answer.id);
      return;
    }
    case 'pause':
    case 'resume': {
      const rate = intent.perMinute === undefined ? undefined : { perMinute: intent.perMinute, since: timeline.now };
      await doors.setValve(intent.name, intent.type === 'pause' ? 'paused' : rate);
      history.tell(`${intent.type} ${intent.name ?? 'all'}`);
      return;
    }
    default: {
      const id = taskIdOf(settings.app, intent.key);
      const more =
        intent.type === 'reschedule' ? { delayMs: intent.toMs } : intent.type === 'reprioritize' ? { priority: 'low' as const } : {};
      const told = await doors.change({ v, action: intent.type, id, ...more } as Parameters<Doors['change']>[0]);
      history.tell(`${intent.type} ${intent.key}: ${JSON.stringify(told && 'refused' in told ? told : told && 'done')}`);
    }
  }
}
