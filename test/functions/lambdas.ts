import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { inject, onTestFinished, vi } from 'vitest';
import { ENV, settingsPath } from '../../contract/environment.ts';
import type { SettingsInput } from '../../contract/settings.ts';
import type { Task } from '../../core/task.ts';
import { putSlot } from './leases.ts';
import { MINUTE, makeWorld, SECOND, unique, type World } from './world.ts';

// biome-ignore lint/suspicious/noExplicitAny: what a door answers is read as its callers read it, as JSON.
export type Door = (event: object) => Promise<any>;

type LambdaName = 'submit' | 'report' | 'operate';

/**
 * A world with the doors of its app as they are deployed: each reads its environment when it is loaded. Their clock is the
 * real one. Beside the app `billing` there is one whose settings cannot be read.
 */
export async function makeDoors(changes: Partial<SettingsInput> = {}) {
  const world = await makeWorld();
  const { env } = inject('localAws');
  const queue = unique('queue');
  const settings = JSON.stringify({
    app: 'billing',
    topicArn: world.settings.topicArn,
    policy: { backoffBaseMs: 60_000, maxAttempts: 2 },
    ...changes,
  });
  const names = { queue, table: world.table, bus: world.admin.bus, dispatcher: unique('dispatcher'), settings };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  for (const [name, value] of Object.entries(names)) vi.stubEnv(ENV[name as keyof typeof names], value);
  const ssm = new SSMClient({});
  const put = (name: string, Value: string) =>
    ssm.send(new PutParameterCommand({ Name: `${settingsPath(queue)}/${name}`, Value, Type: 'String', Overwrite: true }));
  await Promise.all([put('billing', settings), put('broken', '{')]);
  vi.resetModules();
  const loaded = new Map<LambdaName, Promise<Door>>();
  const door = (name: LambdaName) => async (event: object) => {
    if (!loaded.has(name))
      loaded.set(
        name,
        import(`../../functions/${name}.ts`).then(({ handler }) => handler),
      );
    return (await (loaded.get(name) as Promise<Door>))({ v: 1, ...event });
  };
  onTestFinished(() => {
    ssm.destroy();
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });
  const submit = door('submit');
  const enqueue = async (parts: object = {}): Promise<string> =>
    (await submit({ action: 'enqueue', name: 'send-invoice', idempotencyKey: unique('key'), payload: { invoice: 42 }, ...parts })).id;
  return {
    world,
    queue,
    submit,
    report: door('report'),
    operate: door('operate'),
    enqueue,
    /** Adds an app, or changes one. */
    putApp: (app: string, parts: object = {}) => put(app, JSON.stringify({ app, topicArn: world.settings.topicArn, ...parts })),
    /** A task that was claimed as the dispatcher does. */
    async claimed(parts: object = {}, leaseMs = 5 * MINUTE): Promise<Task> {
      const { id, rev } = await world.read(await enqueue(parts));
      const now = Date.now();
      const claim = { type: 'claim', rev, by: `0.${rev}.n`, level: 'medium', leaseUntil: now + leaseMs } as const;
      await world.store.act(id, claim, now, world.settings);
      return world.read(id);
    },
    /** Has a slot hold a task that is out. */
    putOut: (...tasks: Task[]) => putSlot(world, 0, tasks),
    rings: async (): Promise<number> => (await world.seat.read()).rings,
  };
}

/** Two recurring errors. */
export const FINGERPRINTS = ['A', 'B'].map((one) => one.repeat(22)) as [string, string];

/** Tasks as rows, whatever became of them, by the real clock. */
export const given = (world: World, parts: Partial<Task>[]): Promise<Task[]> =>
  Promise.all(
    parts.map(async (one) => {
      const task: Task = { ...world.task(), dueAt: Date.now() - SECOND, ...one };
      await world.put(task);
      return task;
    }),
  );

/** A task that has died, and is kept for 14 days. */
export const dead = (endedAt: number, parts: Partial<Task> = {}): Partial<Task> => ({
  state: 'dead',
  endedAt,
  deathReason: 'attempts exhausted',
  attempt: 2,
  claim: 2,
  expiresAtSeconds: Math.ceil((endedAt + 14 * 24 * 60 * MINUTE) / 1_000),
  fingerprint: FINGERPRINTS[0],
  ...parts,
});
