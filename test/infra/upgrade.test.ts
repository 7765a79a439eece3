import type { App } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import type { Template } from '../../localstack/readAssembly.ts';
import { firstRelease } from '../upgrade/firstRelease.ts';
import { upgradeStack } from '../upgrade/stack.ts';
import { newApp, type Resource } from './fixture.ts';

type Resources = Readonly<Record<string, Resource>>;

const before = resourcesOf(firstRelease().template);
const after = resourcesOf(templateOf(newApp()));

/** What is lost, or loses what is in it, if it is replaced: a name that others know, messages, logs, tasks. */
const STATEFUL = [
  'AWS::DynamoDB::Table',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  'AWS::Events::EventBus',
  'AWS::Logs::LogGroup',
  'AWS::SSM::Parameter',
  'AWS::Lambda::Function',
  'AWS::IAM::Role',
];

/** The properties whose change replaces a resource ("Update requires: Replacement" in the CloudFormation template reference). */
const REPLACING: Readonly<Record<string, readonly string[]>> = {
  'AWS::DynamoDB::Table': ['TableName', 'KeySchema', 'LocalSecondaryIndexes', 'ImportSourceSpecification'],
  'AWS::SNS::Topic': ['TopicName', 'FifoTopic'],
  'AWS::SQS::Queue': ['QueueName', 'FifoQueue'],
  'AWS::Events::EventBus': ['Name'],
  'AWS::Logs::LogGroup': ['LogGroupName'],
  'AWS::SSM::Parameter': ['Name'],
  'AWS::Lambda::Function': ['FunctionName', 'PackageType', 'TenancyConfig'],
  'AWS::IAM::Role': ['RoleName', 'Path'],
};

function resourcesOf(template: Template): Resources {
  return template.Resources as unknown as Resources;
}

function templateOf(cdk: App): Template {
  upgradeStack(cdk);
  return cdk.synth().getStackByName('Upgrade').template as Template;
}

/** The stateful resources of the first template that an update would delete or replace, and why. */
function lostBetween(first: Resources, then: Resources): string[] {
  return Object.entries(first)
    .filter(([, { Type }]) => STATEFUL.includes(Type))
    .flatMap(([id, resource]) => {
      const same = then[id];
      if (same?.Type !== resource.Type) return [`${id} is gone`];
      const changed = REPLACING[resource.Type]?.filter(
        (name) => JSON.stringify(resource.Properties?.[name]) !== JSON.stringify(same.Properties?.[name]),
      );
      return (changed ?? []).map((name) => `${id}.${name} has changed`);
    });
}

/** What an update would do to the indexes of the table: DynamoDB creates or deletes one at a time, and changes none. */
function indexChanges(first: Resources, then: Resources): string[] {
  const [indexesBefore, indexesAfter] = [first, then].map(
    (resources) =>
      new Map<string, string>(
        (Object.values(resources).find(({ Type }) => Type === 'AWS::DynamoDB::Table')?.Properties.GlobalSecondaryIndexes ?? []).map(
          ({ IndexName, ...rest }: { IndexName: string }) => [IndexName, JSON.stringify(rest)],
        ),
      ),
  ) as [Map<string, string>, Map<string, string>];
  const names = [...new Set([...indexesBefore.keys(), ...indexesAfter.keys()])];
  return names.filter((name) => indexesBefore.get(name) !== indexesAfter.get(name));
}

const changedTable = (change: (properties: Record<string, unknown>) => void): Resources =>
  Object.fromEntries(
    Object.entries(structuredClone(after) as Record<string, Resource>).map(([id, resource]) => {
      if (resource.Type === 'AWS::DynamoDB::Table') change(resource.Properties);
      return [id, resource];
    }),
  );

describe('an update from the first release', () => {
  it('replaces and deletes nothing that holds anything, or whose name others know', () => {
    expect(Object.values(before).filter(({ Type }) => STATEFUL.includes(Type)).length).toBeGreaterThan(25);
    expect(lostBetween(before, after)).toEqual([]);
  });

  it('creates or deletes one index at most, and changes none', () => {
    expect(indexChanges(before, after).length).toBeLessThanOrEqual(1);
    const kept = indexChanges(before, after).filter((name) => JSON.stringify(before).includes(`"IndexName":"${name}"`));
    expect(kept).toEqual([]);
  });

  it('leaves the table’s keys, its attributes, its retention and its time to live as they are', () => {
    const [first, then] = [before, after].map((all) => Object.values(all).find(({ Type }) => Type === 'AWS::DynamoDB::Table'));
    expect(then).toEqual(first);
  });

  it('keeps every output by its name, and of what it names', () => {
    const outputsOf = (template: Template) => Object.entries(template.Outputs as Record<string, { Value: unknown }>);
    const now = Object.fromEntries(outputsOf(templateOf(newApp())));
    for (const [key, { Value }] of outputsOf(firstRelease().template)) expect([key, now[key]?.Value]).toEqual([key, Value]);
  });

  it('would be told of here: another logical id, another key, a changed projection, two indexes at once', () => {
    const table = Object.keys(after).find((id) => after[id]?.Type === 'AWS::DynamoDB::Table') ?? '';
    expect(lostBetween(before, Object.fromEntries(Object.entries(after).filter(([id]) => id !== table)))).toEqual([`${table} is gone`]);
    const rekeyed = changedTable((properties) => Object.assign(properties, { KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }] }));
    expect(lostBetween(before, rekeyed)).toEqual([`${table}.KeySchema has changed`]);
    const projected = changedTable(({ GlobalSecondaryIndexes }) => {
      (GlobalSecondaryIndexes as { Projection: { NonKeyAttributes: string[] } }[])[0]?.Projection.NonKeyAttributes.push('payload');
    });
    expect(indexChanges(before, projected)).toEqual(['due']);
    const without = changedTable((properties) => Object.assign(properties, { GlobalSecondaryIndexes: [] }));
    expect(indexChanges(before, without)).toEqual(['due', 'watch']);
  });
});
