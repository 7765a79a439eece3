import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lackingStatements } from '../../localstack/mendRole.ts';
import { readAssembly } from '../../localstack/readAssembly.ts';
import { sameResources } from '../../localstack/sameResources.ts';
import { folder, useScratch, write } from './scratch.ts';

const PLACE = { account: '000000000000', region: 'eu-west-1' };

useScratch();

describe('sameResources', () => {
  const template = (S3Bucket: string, timeout = 3) => ({
    Resources: {
      F: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Bucket, S3Key: `${S3Bucket}.zip` }, Timeout: timeout, L: [1, 2] } },
    },
  });

  it.each([
    ['the order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['the place of an asset', template('one'), template('two'), true],
    ['an asset path', { Metadata: { 'aws:asset:path': 'x' } }, { Metadata: { 'aws:asset:path': 'y' } }, true],
    ['a property', template('one'), template('one', 4), false],
    ['a resource more', { Resources: {} }, template('one'), false],
    ['a resource less', template('one'), { Resources: {} }, false],
    ['the order of a list', [1, 2], [2, 1], false],
    ['the length of a list', [1], [1, 2], false],
    ['a list and an object', ['x'], { 0: 'x' }, false],
    [
      'an asset that became inline',
      template('one'),
      { Resources: { F: { ...template('one').Resources.F, Properties: { Code: { ZipFile: '' } } } } },
      false,
    ],
    ['a bucket that is no asset', { S3Bucket: 'one' }, { S3Bucket: 'two' }, false],
  ])('%s', (_, a, b, same) => {
    expect(sameResources(a, b)).toBe(same);
  });
});

it("a role is given the emulator's words for what it may do, and no more", () => {
  const deny = { Effect: 'Deny', Action: 'sns:Publish', Resource: '*' };
  const send = { Sid: 'S', Effect: 'Allow', Action: ['sqs:SendMessage', 'sqs:GetQueueUrl'], Resource: 'q' };
  const write = { Effect: 'Allow', Action: 'dynamodb:PartiQLUpdate', Resource: 't' };
  const read = { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: 't' };
  const look = { Effect: 'Allow', Action: 'ssm:GetParametersByPath', Resource: 'p' };
  expect(lackingStatements(JSON.stringify({ Statement: [deny, send, write, read, look] }))).toEqual([
    { Effect: 'Allow', Action: 'sqs:SendMessageBatch', Resource: 'q' },
    { Effect: 'Allow', Action: expect.arrayContaining(['dynamodb:BatchExecuteStatement']), Resource: '*' },
    { ...look, Resource: '*' },
  ]);
});

describe('a cloud assembly', () => {
  function assembly(): string {
    const home = folder();
    const stack = (dependencies: string[], stackName?: string) => ({
      type: 'aws:cloudformation:stack',
      dependencies,
      properties: { templateFile: 't.json', ...(stackName ? { stackName } : {}) },
    });
    write(join(home, 't.json'), { Resources: {} });
    write(join(home, 'manifest.json'), { artifacts: { A: stack(['B']), B: stack(['C'], 'punctual-b'), C: stack([]), D: stack(['C']) } });
    return home;
  }
  const names = (wanted?: string[]) => readAssembly(assembly(), PLACE, wanted).map(({ name }) => name);

  it('gives each stack after those it depends on', () => {
    expect(names()).toEqual(['C', 'punctual-b', 'A', 'D']);
  });

  it('gives what a wanted stack depends on', () => {
    expect(names(['punctual-b'])).toEqual(['C', 'punctual-b']);
  });

  it('says what there is when a stack is not', () => {
    expect(() => names(['B'])).toThrow('has no stack B, but: A, punctual-b, C, D');
  });

  it('says how to make one', () => {
    expect(() => readAssembly(folder(), PLACE)).toThrow('is no CDK cloud assembly: run npm run synth');
  });
});
