import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { PunctualClient } from '../../client/index.ts';
import { addBilling } from '../../examples/readme/stack.ts';
import { deployLocally } from '../../localstack/deployLocally.ts';
import { until } from './until.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/readme/', import.meta.url));
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the example of the README', () => {
  const dir = mkdtempSync(join(tmpdir(), 'punctual-readme-'));
  const { env, ...aws } = inject('localAws');
  const options = { endpoint: aws.endpoint, region: aws.region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  let outputs: Record<string, string>;

  beforeAll(async () => {
    const cdk = new App({ outdir: join(dir, 'cdk.out') });
    const stack = new Stack(cdk, 'Readme');
    const web = lambda(stack, 'Web', 'enqueue.ts');
    addBilling(stack, web, lambda(stack, 'Worker', 'worker.ts'));
    new CfnOutput(stack, 'WebName', { value: web.functionName });
    cdk.synth();
    const deployed = await deployLocally({
      aws: { ...aws, env } as Parameters<typeof deployLocally>[0]['aws'],
      templateDir: join(dir, 'cdk.out'),
    });
    outputs = deployed.Readme ?? {};
  });

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(readdirSync(EXAMPLES))('%s stands in the README as it is run here', (file) => {
    expect(README).toContain(`\`\`\`ts\n// ${file}\n${readFileSync(join(EXAMPLES, file), 'utf8')}\`\`\``);
  });

  it('enqueues with what connect wrote into its environment, and the worker completes the task', async () => {
    const client = new LambdaClient(options);
    const { Payload, FunctionError } = await client.send(new InvokeCommand({ FunctionName: outputs.WebName }));
    expect(FunctionError).toBeUndefined();
    const { id, dueAt, created } = JSON.parse(new TextDecoder().decode(Payload)) as { id: string; dueAt: string; created: boolean };
    expect({ dueAt, created }).toEqual({ dueAt: '2026-12-24T08:00:00.000Z', created: true });
    const billing = new PunctualClient({ submitArn: outputs.BillingSubmitArn, lambda: client });
    // Its day may be far off: it is brought forward, as a user might. Once the day has passed it is due, and may be out already.
    await billing
      .reschedule(id, { dueAt: new Date(), deadlineAt: null })
      .catch((error) => expect(error).toMatchObject({ code: 'WrongState' }));
    await until('the task to be complete', async () => (await billing.get(id)).state === 'completed', 60_000);
  });

  function lambda(stack: Stack, name: string, entry: string): LambdaFunction {
    const outdir = join(dir, name);
    buildSync({
      entryPoints: [join(EXAMPLES, entry)],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      mainFields: ['module', 'main'],
      outfile: join(outdir, 'index.js'),
      logLevel: 'error',
    });
    return new LambdaFunction(stack, name, { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code: Code.fromAsset(outdir) });
  }
});
