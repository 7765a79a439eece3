import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CfnOutput } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENV } from '../../contract/environment.ts';
import type { ErrorView, Stats } from '../../contract/operate.ts';
import { assumeRole, credentialsEnvironment } from '../../localstack/assumeRole.ts';
import { Deployment } from './deployment.ts';
import { until } from './until.ts';
import { WorkerProcess } from './workerProcess.ts';

const COMMAND = fileURLToPath(new URL('../../cli/punctual.mjs', import.meta.url));
const TASKS = 1_000;
/** Of the names in the file, the one whose handler is broken at first. */
const BROKEN = 'print-label';
const APPS = { billing: ['send-invoice', 'remind'], shipping: ['ship', BROKEN] } as const;

/** What a command answered. */
interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

describe('an operator with the command line alone', () => {
  let deployment: Deployment;
  let folder: string;
  let workers: WorkerProcess[];
  let env: Record<string, string | undefined>;
  let inbox: SQSClient;

  beforeAll(async () => {
    deployment = await Deployment.of({
      apps: { billing: { maxAttempts: 1 }, shipping: { maxAttempts: 1 } },
      more: ({ stack, queue, apps }) => {
        const operator = stack.node.findChild('Operator') as Role;
        for (const app of Object.values(apps)) app.grantEnqueue(operator);
        const alerts = new Queue(stack, 'Inbox');
        queue.alertsTopic.addSubscription(new SqsSubscription(alerts, { rawMessageDelivery: true }));
        new CfnOutput(stack, 'InboxUrl', { value: alerts.queueUrl });
      },
    });
    folder = await mkdtemp(join(tmpdir(), 'punctual-cli-'));
    inbox = new SQSClient(await deployment.as());
    env = {
      ...process.env,
      ...deployment.aws.env,
      ...credentialsEnvironment(await assumeRole(deployment.aws, deployment.output('OperatorRole'))),
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      NO_COLOR: '1',
      [ENV.operate]: deployment.output('OperateArn'),
      [ENV.apps]: JSON.stringify({
        billing: { submit: deployment.output('BillingSubmitArn') },
        shipping: { submit: deployment.output('ShippingSubmitArn') },
      }),
    };
    workers = await Promise.all(Object.entries(APPS).map(([app, names]) => WorkerProcess.start(deployment, app, names)));
    for (const worker of workers) worker.breakDown([BROKEN]);
  });

  afterAll(async () => {
    await Promise.all((workers ?? []).map((worker) => worker.stop()));
    await deployment?.remove();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function punctual(...args: string[]): Promise<Answer> {
    const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { code: Number(code), out, err };
  }

  /** What a command that must succeed says in JSON. */
  async function told<T>(...args: string[]): Promise<T> {
    const { code, out, err } = await punctual(...args, '--json');
    expect(code, `punctual ${args.join(' ')}: ${err}${out}`).toBe(0);
    return JSON.parse(out) as T;
  }

  const statsOf = async (app: string) => (await told<{ apps: Stats[] }>('stats', '--app', app)).apps[0] as Stats;
  /** Waits as an operator would. */
  const idle = () => told('stats', '--watch', '--every', '500ms', '--timeout', '200s');

  async function reports(): Promise<string[]> {
    const found: string[] = [];
    for (;;) {
      const { Messages = [] } = await inbox.send(
        new ReceiveMessageCommand({ QueueUrl: deployment.output('InboxUrl'), MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      );
      if (Messages.length === 0) return found;
      // CloudWatch's own messages are JSON; a report is for people.
      found.push(...Messages.flatMap(({ Body = '' }) => (Body.startsWith('{') ? [] : [Body])));
    }
  }

  it.sequential(`enqueues ${TASKS} tasks of two apps from one file, after a look at what that would do`, async () => {
    const file = join(folder, 'tasks.csv');
    await writeFile(file, csv());
    const dry = await punctual('enqueue', '--file', file, '--dry-run');
    expect(dry.code).toBe(0);
    expect(await statsOf('billing')).toMatchObject({ inFlight: 0, waiting: { medium: { count: 0 } } });
    const done = await told<{ enqueued: number }>('enqueue', '--file', file, '--yes');
    expect(done).toMatchObject({ enqueued: TASKS });
  });

  it.sequential('sees them go, and dead the tasks of the handler that is broken', async () => {
    await idle();
    const [billing, shipping] = [await statsOf('billing'), await statsOf('shipping')];
    expect(billing.dead.count).toBe(0);
    expect(shipping.dead.count).toBe(TASKS / 4);
  });

  it.sequential('is told once, not hundreds of times, by a report that names the error and what to do', async () => {
    const [error] = await told<ErrorView[]>('errors', 'list', '--app', 'shipping');
    const minutes = Math.floor((Date.parse(error?.lastSeenAt ?? '') - Date.parse(error?.firstSeenAt ?? '')) / 60_000);
    const mails = await reports();
    // Another is due only if the storm outlasts the minute of quiet, on a slow machine.
    expect(mails.length).toBeGreaterThanOrEqual(1);
    expect(mails.length).toBeLessThanOrEqual(1 + minutes);
    expect(mails[0]).toContain(BROKEN);
    expect(mails[0]).toContain('the printer has no paper');
    expect(mails[0]).toMatch(/punctual replay --app shipping --fingerprint [\w-]{22}/);
  });

  it.sequential('finds the one recurring error, mends the handler, and replays all that died of it', async () => {
    // A death is counted after it is written: on a slow machine by a message that has to come again, after its three minutes.
    const all = async () => {
      const found = await told<ErrorView[]>('errors', 'list', '--app', 'shipping');
      return found[0]?.count === TASKS / 4 && found;
    };
    const errors = await until('all deaths to be counted', all, 220_000);
    expect(errors).toMatchObject([{ name: BROKEN, count: TASKS / 4, deaths: TASKS / 4 }]);
    const fingerprint = errors[0]?.fingerprint ?? '';
    const shown = await punctual('errors', 'show', fingerprint, '--app', 'shipping');
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.out).toContain('the printer has no paper');
    for (const worker of workers) worker.breakDown([]);
    const dry = await told<{ matched: unknown }>('replay', '--app', 'shipping', '--fingerprint', fingerprint);
    expect(dry).toMatchObject({ dryRun: true });
    expect((await statsOf('shipping')).dead.count).toBe(TASKS / 4);
    expect((await punctual('replay', '--app', 'shipping', '--fingerprint', fingerprint, '--yes')).code).toBe(0);
    await told('errors', 'resolve', fingerprint, '--app', 'shipping');
  });

  it.sequential(`ends with ${TASKS} completed and nothing in flight`, async () => {
    await idle();
    const [billing, shipping] = [await statsOf('billing'), await statsOf('shipping')];
    expect([billing.dead.count, shipping.dead.count]).toEqual([0, 0]);
    const ids = new Set(workers.flatMap(({ heard }) => heard.map(({ id }) => id)));
    expect(ids.size).toBe(TASKS);
    const rows = await Promise.all([...ids].map((id) => deployment.item(id)));
    expect(rows.filter((row) => row?.state === 'completed')).toHaveLength(TASKS);
  });

  it.sequential('is answered by exit codes: 2 for a mistake of its own, 3 for what is not there, 4 for what cannot be', async () => {
    const id = workers[0]?.heard[0]?.id ?? '';
    expect(await punctual('get', id)).toMatchObject({ code: 0, out: expect.stringContaining('completed') });
    expect(await punctual('explain', id)).toMatchObject({ code: 0 });
    expect(await punctual('cancel', id)).toMatchObject({ code: 4, err: expect.stringContaining('completed') });
    expect(await punctual('get', 'billing/aaaaaaaaaaaaaaaaaaaaaa')).toMatchObject({ code: 3 });
    expect(await punctual('get', 'nonsense')).toMatchObject({ code: 2 });
    expect(await punctual('no-such-command')).toMatchObject({ code: 2 });
  });

  it.sequential('changes its mind about a task, and pauses and resumes an app; each says what became of it', async () => {
    const { id } = await told<{ id: string }>('enqueue', '--app', 'billing', '--name', 'remind', '--delay', '2h', '--priority', 'low');
    const next = await told<{ id: string; priority: string }[]>('next', '--app', 'billing');
    expect(next).toMatchObject([{ id, priority: 'low' }]);
    expect(await punctual('move-to-front', id)).toMatchObject({ code: 4, err: expect.stringContaining('due at') });
    expect(await punctual('reprioritize', id, '--priority', 'high')).toMatchObject({ code: 0 });
    const moved = await punctual('reschedule', id, '--due-at', '2031-01-01T09:00', '--time-zone', 'Europe/Paris');
    expect(moved).toMatchObject({ code: 0, out: expect.stringContaining('2031-01-01 09:00') });
    const waiting = await told<{ tasks: unknown[] }>('list', '--app', 'billing', '--name', 'remind');
    expect(waiting.tasks).toMatchObject([{ id, priority: 'high', dueAt: '2031-01-01T08:00:00.000Z' }]);
    expect(await punctual('pause', '--app', 'billing', '--name', 'remind', '--yes')).toMatchObject({ code: 0 });
    expect(await statsOf('billing')).toMatchObject({ names: { remind: { state: 'paused' } } });
    expect(await punctual('resume', '--app', 'billing', '--name', 'remind', '--rate', '60/m', '--yes')).toMatchObject({ code: 0 });
    expect(await statsOf('billing')).toMatchObject({ names: { remind: { state: 'limited', perMinute: 60 } } });
    expect(await punctual('resume', '--app', 'billing', '--name', 'remind', '--yes')).toMatchObject({ code: 0 });
    expect(await punctual('cancel', id)).toMatchObject({ code: 0 });
  });

  it.sequential('checks a deployment against what waits: a version that the build cannot handle is listed, with exit code 1', async () => {
    const added = await punctual('enqueue', '--app', 'billing', '--name', 'remind', '--payload-version', '2', '--delay', '2h');
    expect(added).toMatchObject({ code: 0 });
    const check = (handles: object) => punctual('deploy-check', '--app', 'billing', '--handles', JSON.stringify(handles));
    expect(await check({ remind: '1-2' })).toMatchObject({ code: 0 });
    expect(await check({ remind: '1' })).toMatchObject({ code: 1, out: expect.stringMatching(/remind.*2/) });
  });
});

/** A quarter of the tasks each of four names, in turn. */
function csv(): string {
  const kinds = Object.entries(APPS).flatMap(([app, names]) => names.map((name) => ({ app, name })));
  const lines = Array.from({ length: TASKS }, (_, i) => {
    const { app, name } = kinds[i % kinds.length] ?? { app: '', name: '' };
    // What is broken goes first, so that its storm is short.
    const priority = name === BROKEN ? 'high' : ['medium', 'low'][i % 2];
    return `${app},${name},${priority},key-${i},"{""n"":${i}}"`;
  });
  return ['app,name,priority,idempotencyKey,payload', ...lines, ''].join('\n');
}
