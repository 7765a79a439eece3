import { type App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, type ITable, ProjectionType, Table, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { TaskQueue, type TaskQueueProps } from '../../infra/index.ts';
import { TaskTable } from '../../infra/task-table.ts';
import { newStack, ofType, permissionsOf, type Resource, readable, resourcesOf } from './fixture.ts';

const queueWith = (props: TaskQueueProps) => {
  const stack = newStack();
  const queue = new TaskQueue(stack, 'Tasks', { queueName: 'tasks', ...props });
  queue.addApp('billing');
  return resourcesOf(stack);
};
const tableOf = (resources: Record<string, Resource>) => ofType(resources, 'AWS::DynamoDB::Table')[0]?.[1];
const safetyOf = ({ DeletionPolicy, UpdateReplacePolicy, Properties }: Resource) => ({
  onDelete: DeletionPolicy,
  onReplace: UpdateReplacePolicy,
  isProtected: Properties.DeletionProtectionEnabled,
  isRestorable: Properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled,
});

describe('the tasks’ table', () => {
  it.each<[string, TaskQueueProps, object]>([
    ['nothing', {}, {}],
    ['undefined', { removalPolicy: undefined, deletionProtection: undefined, pointInTimeRecovery: undefined } as object, {}],
    ['the removal policy', { removalPolicy: RemovalPolicy.DESTROY }, { onDelete: 'Delete', onReplace: 'Delete' }],
    ['deletion protection', { deletionProtection: false }, { isProtected: false }],
    ['point-in-time recovery', { pointInTimeRecovery: false }, { isRestorable: false }],
  ])('is retained, protected and restorable, each but where it was asked otherwise: %s', (_, props, changed) => {
    const safe = { onDelete: 'Retain', onReplace: 'Retain', isProtected: true, isRestorable: true };
    expect(safetyOf(tableOf(queueWith(props)) as Resource)).toEqual({ ...safe, ...changed });
  });
});

describe('a queue on a table that is there already', () => {
  const stack = newStack('Restored');
  const table = Table.fromTableName(stack, 'RestoredTable', 'tasks-restored');
  const queue = new TaskQueue(stack, 'Tasks', { queueName: 'tasks', table });
  queue.addApp('billing');
  const other = new Stack(stack.node.root as App, 'Other');
  TaskQueue.fromAttributes(other, 'Tasks', queue).addApp('mail');
  const resources = resourcesOf(stack);
  const system = ofType(resources, 'AWS::Lambda::Function');

  it('makes no table, and uses that one', () => {
    expect(tableOf(resources)).toBeUndefined();
    expect(system).toHaveLength(5);
    for (const [, { Properties }] of system) expect(Properties.Environment.Variables.PUNCTUAL_TABLE).toBe('tasks-restored');
    const arn = 'arn:<AWS::Partition>:dynamodb:<AWS::Region>:<AWS::AccountId>:table/tasks-restored';
    const permissions = permissionsOf(resources, 'TasksDispatcherRole');
    expect(permissions).toContain(`dynamodb:PartiQLUpdate ${arn}`);
    expect(permissions).toContain(`dynamodb:Query ${arn}/index/due`);
    const throttled = ofType(resources, 'AWS::CloudWatch::Alarm').filter(([id]) => id.includes('Throttled'));
    expect(throttled).toHaveLength(6);
    for (const [, { Properties }] of throttled)
      expect(Properties.Dimensions).toContainEqual({ Name: 'TableName', Value: 'tasks-restored' });
  });

  it('starts paused: each of its functions knows which table was taken over by which stack', () => {
    const told = system.map(([, { Properties }]) => readable(Properties.Environment.Variables.PUNCTUAL_ADOPTION));
    expect([...new Set(told)]).toEqual(['tasks-restored <AWS::StackId>']);
    for (const [, { Properties }] of ofType(queueWith({}), 'AWS::Lambda::Function'))
      expect(Object.keys(Properties.Environment.Variables)).not.toContain('PUNCTUAL_ADOPTION');
  });

  it('starts paused for the apps of another stack as well', () => {
    for (const [, { Properties }] of ofType(resourcesOf(other), 'AWS::Lambda::Function'))
      expect(JSON.stringify(Properties.Environment.Variables.PUNCTUAL_ADOPTION)).toContain('tasks-restored');
  });

  it('uses the key of the table', () => {
    const own = newStack();
    const encryptionKey = new Key(own, 'Key');
    const tableArn = 'arn:aws:dynamodb:eu-west-1:111122223333:table/tasks-restored';
    const keyed = Table.fromTableAttributes(own, 'Restored', { tableArn, encryptionKey });
    new TaskQueue(own, 'Tasks', { table: keyed });
    const permissions = permissionsOf(resourcesOf(own), 'TasksDispatcherRole');
    expect(permissions).toContain('kms:Decrypt Key');
    expect(permissions).toContain(`dynamodb:GetItem ${tableArn}`);
  });

  it('takes a table of the same CDK app that is as it makes its own', () => {
    const [one, two] = [newStack(), newStack()];
    expect(() => new TaskQueue(one, 'Tasks', { table: new TaskTable(one, 'Own', { encryptionKey: undefined }) as ITable })).not.toThrow();
    const id = { partitionKey: { name: 'id', type: AttributeType.STRING } };
    expect(() => new TaskQueue(two, 'Tasks', { table: indexed(new TableV2(two, 'Own', id)) as ITable })).not.toThrow();
  });

  const id = { name: 'id', type: AttributeType.STRING };
  it.each<[string, (own: Stack) => Table, string]>([
    [
      'another key',
      (own) => new Table(own, 'Own', { partitionKey: { name: 'key', type: AttributeType.STRING } }),
      'the table has key; allowed is the one partition key id, as TaskQueue makes it',
    ],
    [
      'a sort key',
      (own) => new Table(own, 'Own', { partitionKey: id, sortKey: { name: 'at', type: AttributeType.STRING } }),
      'the table has id, at; allowed is the one partition key id, as TaskQueue makes it',
    ],
    [
      'no index',
      (own) => new Table(own, 'Own', { partitionKey: id }),
      'the table’s index due has no such index; allowed is the keys priority, dueAt, as TaskQueue makes it',
    ],
    [
      'an index that shows too little',
      (own) => indexed(new Table(own, 'Own', { partitionKey: id }), ['name', 'version', 'rev', 'level', 'deadlineAt']),
      'the table’s index due has a projection without traits; allowed is name, version, rev, level, deadlineAt, traits, as TaskQueue makes it',
    ],
  ])('refuses, as far as it can know, a table with %s', (_, make, message) => {
    const own = newStack();
    expect(() => new TaskQueue(own, 'Tasks', { table: make(own) as ITable })).toThrow(message.replaceAll('’', "'"));
  });

  it.each([
    ['removalPolicy', { removalPolicy: RemovalPolicy.RETAIN }, 'retain'],
    ['deletionProtection', { deletionProtection: false }, 'false'],
    ['pointInTimeRecovery', { pointInTimeRecovery: true }, 'true'],
  ])('cannot set %s of it', (name, props, got) => {
    const own = newStack();
    const restored = Table.fromTableName(own, 'Restored', 'tasks-restored');
    const message = `Test/Tasks: ${name} is ${got}; allowed is none with table: set it on the table itself`;
    expect(() => new TaskQueue(own, 'Tasks', { table: restored, ...props })).toThrow(message);
  });
});

/** A table with both indexes; `projected`: of `due`, otherwise all. */
function indexed<T extends Table | TableV2>(table: T, projected?: string[]): T {
  const keys = (partition: string, sort: string) => ({
    partitionKey: { name: partition, type: AttributeType.STRING },
    sortKey: { name: sort, type: AttributeType.STRING },
  });
  const shown = projected ? { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: projected } : {};
  table.addGlobalSecondaryIndex({ indexName: 'due', ...keys('priority', 'dueAt'), ...shown });
  table.addGlobalSecondaryIndex({ indexName: 'watch', ...keys('watch', 'watchAt') });
  return table;
}
