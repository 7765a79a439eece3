import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS_CONTEXT } from '../../infra/code.ts';
import { TaskQueue } from '../../infra/index.ts';
import { HANDLERS, logicalId, newStack, ofType, type Resource } from './fixture.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The functions as they are shipped, by logical id: the folder of the code, the variables that the stack sets. */
const shipped = (() => {
  const app = new App();
  new TaskQueue(new Stack(app, 'Code'), 'Tasks').addApp('billing');
  const { stacks, directory } = app.synth();
  const resources = stacks[0]?.template.Resources as Record<string, Resource>;
  return ofType(resources, 'AWS::Lambda::Function').map(([id, { Properties }]) => ({
    name: logicalId(id),
    folder: join(directory, `asset.${Properties.Code.S3Key.replace(/\.zip$/, '')}`),
    variables: Object.keys(Properties.Environment.Variables),
  }));
})();

const textOf = (folder: string): string => readFileSync(join(folder, 'index.js'), 'utf8');

describe('the code of a function', () => {
  it.each(shipped)('$name starts, with what the stack gives it and nothing beside it', ({ folder, variables }) => {
    const values = variables.map((name) => [name, name === 'PUNCTUAL_SETTINGS' ? '{"app":"billing","topicArn":"arn:topic"}' : 'name']);
    const started = spawnSync(process.execPath, ['-e', "process.stdout.write(typeof require('./index.js').handler)"], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, AWS_REGION: 'eu-west-1', ...Object.fromEntries(values) },
    });
    expect(started.stdout, started.stderr.slice(-1_000)).toBe('function');
  });

  it.each(shipped)('$name is one minified file with the SDK in it, without a source map or a trace of where it was built', ({ folder }) => {
    expect(readdirSync(folder)).toEqual(['index.js']);
    const text = textOf(folder);
    expect(text).not.toContain(ROOT);
    expect(text).not.toMatch(/sourceMappingURL/);
    const required = [...text.matchAll(/\b(?:require|import)\(["']([^"']+)["']\)/g)].map(([, module = '']) => module);
    // The SDK asks for optional parts of its own by name, and does without them.
    expect(required.filter((module) => !/^(node:)?[a-z_0-9/]+$/.test(module) && !module.startsWith('@aws-sdk/signature-v4'))).toEqual([]);
    expect(text.length).toBeLessThan(1_000_000);
  });

  it('is named when it is missing, with the place where it was looked for', () => {
    const empty = mkdtempSync(join(tmpdir(), 'functions-'));
    const stack = newStack('Code', { [FUNCTIONS_CONTEXT]: empty });
    expect(() => new TaskQueue(stack, 'Tasks')).toThrow(`there is no dispatcher.ts (or .js) in ${empty}`);
  });
});

describe('the app that cdk.json starts', () => {
  const cdkJson = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));

  it('makes a queue with the apps it is told of, needs no account, and keeps CloudFormation’s own rules', () => {
    expect(cdkJson.app).toBe('node --import tsx infra/app.ts');
    expect(cdkJson.context['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
    const outdir = mkdtempSync(join(tmpdir(), 'app-'));
    const context = { ...cdkJson.context, [FUNCTIONS_CONTEXT]: HANDLERS, queue: 'mine', apps: 'ops-team, shipping' };
    const ran = spawnSync(process.execPath, ['--import', 'tsx', 'infra/app.ts'], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(context) },
    });
    expect(ran.status, ran.stderr).toBe(0);
    expect(ran.stderr).not.toMatch(/WARNING|ERROR/);
    const outputs = Object.keys(JSON.parse(readFileSync(join(outdir, 'Punctual.template.json'), 'utf8')).Outputs);
    expect(outputs).toEqual(expect.arrayContaining(['OpsTeamSubmitArn', 'ShippingTopicArn', 'OperateArn']));
    expect(outputs).not.toContain('BillingSubmitArn');
  });
});
