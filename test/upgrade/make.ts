// Makes the fixture of a release: its template, and the rows that its code writes. Run in a checkout of that release; see README.md.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { App } from 'aws-cdk-lib';
import * as v from 'valibot';
import { defineTasks, PunctualClient, Worker } from '../../client/index.ts';
import { deployLocally } from '../../localstack/deployLocally.ts';
import { startLocalAws } from '../../localstack/startLocalAws.ts';
import { until } from '../e2e/until.ts';
import { upgradeStack } from './stack.ts';

const FOLDER = fileURLToPath(new URL('fixture', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const tasks = defineTasks({ work: v.optional(v.object({ does: v.string() })) });

const aws = await startLocalAws();
const outdir = mkdtempSync(join(tmpdir(), 'punctual-fixture-'));
const cdk = new App({ outdir });
upgradeStack(cdk);
cdk.synth();
const outputs: Record<string, string> = (await deployLocally({ aws, templateDir: outdir })).Upgrade ?? {};
const output = (key: string): string => outputs[key] ?? '';
const options = {
  endpoint: aws.endpoint,
  region: aws.region,
  credentials: { accessKeyId: aws.env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: aws.env.AWS_SECRET_ACCESS_KEY ?? '' },
};
const lambda = new LambdaClient(options);
const client = new PunctualClient({ tasks, lambda, submitArn: output('BillingSubmitArn') });
const [claims, ids]: [unknown[], Record<string, string>] = [[], {}];

/** Enqueues a task under a key that says what it is. */
async function enqueue(key: string, does: string, parts: object = {}): Promise<string> {
  const { id } = await client.enqueue({ name: 'work', payload: { does }, idempotencyKey: key, ...parts } as never);
  ids[key] = id;
  return id;
}
const inState = (id: string, state: string, attempt = 0) =>
  until(`${id} to be ${state}`, async () => {
    const task = await client.get(id);
    return task.state === state && task.attempt >= attempt;
  });

const worker = new Worker(
  tasks,
  {
    work: async ({ id, claim, payload }) => {
      claims.push({ id, claim });
      if (payload?.does === 'hang') await new Promise(() => {});
      if (payload?.does === 'fail') throw new TypeError('the printer has no paper');
    },
  },
  {
    queueUrl: output('BillingQueueUrl'),
    reportArn: output('BillingReportArn'),
    lambda,
    sqs: new SQSClient(options),
    name: 'worker-1',
  },
);
worker.start();

const soon = { delay: '4m' };
await enqueue('waiting', 'work', soon);
await enqueue('high', 'work', { ...soon, priority: 'high' });
await enqueue('low', 'work', { ...soon, priority: 'low' });
await enqueue('deadline', 'work', { ...soon, priority: 'low', deadlineAt: new Date(Date.now() + 270_000) });
await enqueue('far', 'work', { dueAt: new Date('2099-01-01T00:00:00Z'), deadlineAt: new Date('2099-06-01T00:00:00Z') });
await client.cancel(await enqueue('cancelled', 'work', soon));
await inState(await enqueue('completed', 'work'), 'completed');
await inState(await enqueue('dead', 'fail'), 'dead');
await inState(await enqueue('leased', 'hang'), 'leased');
await inState(await enqueue('reported', 'hang'), 'leased');
await until('word of both', () => claims.length >= 5, 60_000);
await inState(await enqueue('retry', 'fail'), 'scheduled', 1);
void worker.close({ graceMs: 0 });

const { Items = [] } = await new DynamoDBClient(options).send(new ScanCommand({ TableName: output('TableName') }));
mkdirSync(FOLDER, { recursive: true });
// Where the checkout lies stands in the stacks of errors.
const keep = (file: string, value: unknown) =>
  writeFileSync(join(FOLDER, file), `${JSON.stringify(value, null, 1).replaceAll(ROOT, '/app')}\n`);
keep('template.json', JSON.parse(readFileSync(join(outdir, 'Upgrade.template.json'), 'utf8')));
keep('rows.json', { madeAt: new Date().toISOString(), ids, rows: Items.sort((a, b) => ((a.id?.S ?? '') < (b.id?.S ?? '') ? -1 : 1)) });
await aws.stop();
process.exit(0);
