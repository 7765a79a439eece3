import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { Cloud } from '../simulation/aws/cloud.ts';
import { Chance } from '../simulation/chance.ts';
import { Faults } from '../simulation/faults.ts';
import { Process } from '../simulation/process.ts';
import { Timeline } from '../simulation/timeline.ts';
import { DYNAMODB_LOCAL, onDynamoDbLocal } from './conformanceLocal.ts';
import { makeWorld, START } from './world.ts';

/** What every test is given: a table as it is shipped, and a client of it. */
interface Backend {
  readonly dynamo: Pick<DynamoDBClient, 'send'>;
  readonly TableName: string;
  /** Lets the indexes catch up. */
  catchUp(): Promise<void>;
}

/** The simulation's own. Time goes on by itself. */
async function inMemory(): Promise<Backend> {
  const timeline = new Timeline(START);
  const none = () => {};
  const faults = new Faults(new Chance(1, 'none'), { faults: 0 });
  const cloud = new Cloud(timeline, faults, { wrote: none, accepted: none, shown: none, invalid: none, invoked: none });
  const client = new Process('conformance', timeline, cloud, faults).client<DynamoDBClient>();
  const send = (command: unknown) => {
    const answer = client.send(command as GetItemCommand);
    void timeline.pass(timeline.now + 100);
    return answer;
  };
  return { dynamo: { send: send as DynamoDBClient['send'] }, TableName: 'table', catchUp: () => timeline.pass(timeline.now + 1_000) };
}

async function onEmulator(): Promise<Backend> {
  const world = await makeWorld();
  return { dynamo: world.admin.dynamo, TableName: world.table, catchUp: async () => {} };
}

const S = (text: string): AttributeValue => ({ S: text });
const N = (value: number): AttributeValue => ({ N: String(value) });
type Row = Record<string, AttributeValue>;

function clientOf({ dynamo, TableName }: Backend) {
  const row = (id: string, parts: Row = {}): Row => ({ id: S(id), ...parts });
  const insertOf = (item: Row) => ({
    Statement: `INSERT INTO "${TableName}" VALUE {${Object.keys(item).map((name) => `'${name}': ?`)}}`.replaceAll(',', ', '),
    Parameters: Object.values(item),
  });
  /** As the dispatcher claims. */
  const claimOf = (id: string, rev: number) => ({
    Statement: `UPDATE "${TableName}" SET "state"=? SET "rev"=? SET "claim"="claim"+1 REMOVE "priority" WHERE "id"=? AND "rev"=? AND "state"=? RETURNING ALL NEW *`,
    Parameters: [S('leased'), N(rev + 1), S(id), N(rev), S('scheduled')],
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
  });
  const execute = async (...statements: { Statement: string; Parameters: AttributeValue[] }[]) =>
    (await dynamo.send(new BatchExecuteStatementCommand({ Statements: statements }))).Responses ?? [];
  return {
    row,
    insertOf,
    claimOf,
    execute,
    put: (...items: Row[]) => execute(...items.map(insertOf)),
    read: async (id: string) => (await dynamo.send(new GetItemCommand({ TableName, Key: { id: S(id) }, ConsistentRead: true }))).Item,
    batchGet: async (ids: string[]) => {
      const Keys = ids.map((id) => ({ id: S(id) }));
      const { Responses } = await dynamo.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }));
      return (Responses?.[TableName] ?? []).map(({ id }) => id?.S ?? '').sort();
    },
    update: (id: string, parts: Partial<UpdateItemCommandInput>) =>
      dynamo.send(new UpdateItemCommand({ TableName, Key: { id: S(id) }, ...parts })),
    query: (parts: { range?: string; values?: Row; limit?: number; backwards?: boolean; start?: Row | undefined }) =>
      dynamo.send(
        new QueryCommand({
          TableName,
          IndexName: 'due',
          KeyConditionExpression: `#lane = :lane${parts.range ?? ''}`,
          ExpressionAttributeNames: parts.range ? { '#lane': 'priority', '#at': 'dueAt' } : { '#lane': 'priority' },
          ExpressionAttributeValues: { ':lane': S('lane'), ...parts.values },
          ScanIndexForward: !parts.backwards,
          ...(parts.limit === undefined ? {} : { Limit: parts.limit }),
          ...(parts.start ? { ExclusiveStartKey: parts.start } : {}),
        }),
      ),
  };
}

const nameOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: Error) => error.name,
  );
const ids = ({ Items = [] }: { Items?: Row[] | undefined }): string[] => Items.map(({ id }) => id?.S ?? '');

describe('DynamoDB in memory', () => {
  it('refuses a batch that names a key twice, as AWS does and no emulator', async () => {
    const { execute, insertOf, row, read } = clientOf(await inMemory());
    expect(await nameOf(execute(insertOf(row('a')), insertOf(row('a'))))).toBe('ValidationException');
    expect(await read('a')).toBeUndefined();
  });
});

describe.each([
  ['in memory', inMemory],
  ['emulated', onEmulator],
  ...(DYNAMODB_LOCAL === undefined ? [] : ([['local', onDynamoDbLocal]] as const)),
] as const)('DynamoDB %s', (_name, make) => {
  it('writes under a condition that holds, and shows what was there where it does not', async () => {
    const { update, read } = clientOf(await make());
    const set = { UpdateExpression: 'SET #rev = :next', ExpressionAttributeNames: { '#rev': 'rev' } };
    const fresh = { ...set, ConditionExpression: 'attribute_not_exists(#rev)', ExpressionAttributeValues: { ':next': N(1) } };
    await update('a', fresh);
    expect(await read('a')).toEqual({ id: S('a'), rev: N(1) });
    const refused = await update('a', { ...fresh, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }).catch((error) => error);
    expect(refused).toMatchObject({ name: 'ConditionalCheckFailedException', Item: { id: S('a'), rev: N(1) } });
    const older = { ...set, ConditionExpression: 'attribute_not_exists(#rev) OR #rev < :next' };
    await update('a', { ...older, ExpressionAttributeValues: { ':next': N(10) } });
    expect(await nameOf(update('a', { ...older, ExpressionAttributeValues: { ':next': N(9) } }))).toBe('ConditionalCheckFailedException');
    expect(await read('a')).toMatchObject({ rev: N(10) });
    const both = { ...set, ConditionExpression: '#rev = :rev AND attribute_exists(#rev)' };
    expect(await nameOf(update('none', { ...both, ExpressionAttributeValues: { ':rev': N(1), ':next': N(2) } }))).toBe(
      'ConditionalCheckFailedException',
    );
    expect(await read('none')).toBeUndefined();
  });

  it('sets, removes and adds in one update, and shows what came of it', async () => {
    const { put, row, update } = clientOf(await make());
    await put(row('a', { gone: S('x'), kept: S('y') }));
    const { Attributes } = await update('a', {
      UpdateExpression: 'SET #new = :new REMOVE #gone ADD #count :one',
      ExpressionAttributeNames: { '#new': 'new', '#gone': 'gone', '#count': 'count' },
      ExpressionAttributeValues: { ':new': S('z'), ':one': N(1) },
      ReturnValues: 'ALL_NEW',
    });
    expect(Attributes).toEqual({ id: S('a'), kept: S('y'), new: S('z'), count: N(1) });
  });

  it('executes each statement of a batch on its own', async () => {
    const { execute, insertOf, claimOf, put, row, read } = clientOf(await make());
    await put(
      row('a', { rev: N(1), claim: N(0), state: S('scheduled'), priority: S('lane'), dueAt: S('1') }),
      row('b', { rev: N(7) }),
      row('d', { rev: N(3) }),
    );
    const answers = await execute(claimOf('a', 1), claimOf('b', 6), insertOf(row('d')), insertOf(row('c')), claimOf('none', 1));
    const claimed = { id: S('a'), rev: N(2), claim: N(1), state: S('leased'), dueAt: S('1') };
    expect(answers[0]?.Item).toEqual(claimed);
    expect(answers[1]?.Error).toMatchObject({ Code: 'ConditionalCheckFailed', Item: { id: S('b'), rev: N(7) } });
    expect(answers[2]?.Error?.Code).toBe('DuplicateItem');
    expect(answers[3]?.Error).toBeUndefined();
    expect(answers[4]?.Error?.Code).toBe('ConditionalCheckFailed');
    expect(await read('a')).toEqual(claimed);
    expect(await read('b')).toEqual(row('b', { rev: N(7) }));
    expect(await read('d')).toEqual(row('d', { rev: N(3) }));
    expect(await read('c')).toEqual(row('c'));
    expect(await read('none')).toBeUndefined();
  });

  it('refuses as a whole what is asked wrongly', async () => {
    const { execute, insertOf, batchGet, row, put, update } = clientOf(await make());
    await put(row('a'));
    const many = Array.from({ length: 101 }, (_, i) => `id-${i}`);
    expect(await nameOf(batchGet(['a', 'a']))).toBe('ValidationException');
    expect(await nameOf(batchGet(many))).toBe('ValidationException');
    expect(await nameOf(execute(...many.slice(0, 26).map((id) => insertOf(row(id)))))).toBe('ValidationException');
    const unused = { UpdateExpression: 'SET #a = :a', ExpressionAttributeNames: { '#a': 'a', '#b': 'b' } };
    expect(await nameOf(update('a', { ...unused, ExpressionAttributeValues: { ':a': S('x') } }))).toBe('ValidationException');
    const key = { UpdateExpression: 'SET #p = :p', ExpressionAttributeNames: { '#p': 'priority' } };
    expect(await nameOf(update('a', { ...key, ExpressionAttributeValues: { ':p': N(1) } }))).toBe('ValidationException');
  });

  it('reads a batch without the rows that are not there', async () => {
    const { batchGet, put, row } = clientOf(await make());
    await put(row('a'), row('b'));
    expect(await batchGet(['b', 'none', 'a'])).toEqual(['a', 'b']);
  });

  it('shows in an index the rows that have its keys, in order, with what is projected', async () => {
    const backend = await make();
    const { put, row, query, update } = clientOf(backend);
    const at = (dueAt: string) => ({ priority: S('lane'), dueAt: S(dueAt), rev: N(1), payload: S('x') });
    await put(
      row('c', at('3')),
      row('a', at('1')),
      row('b', at('2')),
      row('other', { ...at('1'), priority: S('other') }),
      row('none', { dueAt: S('1') }),
    );
    await backend.catchUp();
    const all = await query({});
    expect(ids(all)).toEqual(['a', 'b', 'c']);
    expect(all.Items?.[0]).toEqual({ id: S('a'), priority: S('lane'), dueAt: S('1'), rev: N(1) });
    await update('b', { UpdateExpression: 'REMOVE #p', ExpressionAttributeNames: { '#p': 'priority' } });
    await backend.catchUp();
    expect(ids(await query({}))).toEqual(['a', 'c']);
  });

  it('pages through an index, from either end, in a range', async () => {
    const backend = await make();
    const { put, row, query } = clientOf(backend);
    await put(...['1', '2', '3', '4', '5'].map((dueAt) => row(`id-${dueAt}`, { priority: S('lane'), dueAt: S(dueAt) })));
    await backend.catchUp();
    const first = await query({ limit: 2 });
    expect(ids(first)).toEqual(['id-1', 'id-2']);
    expect(first.LastEvaluatedKey).toEqual({ id: S('id-2'), priority: S('lane'), dueAt: S('2') });
    const rest = await query({ limit: 4, start: first.LastEvaluatedKey });
    expect(ids(rest)).toEqual(['id-3', 'id-4', 'id-5']);
    expect(rest.LastEvaluatedKey).toBeUndefined();
    expect(ids(await query({ limit: 2, backwards: true, start: first.LastEvaluatedKey }))).toEqual(['id-1']);
    expect(ids(await query({ range: ' AND #at <= :until', values: { ':until': S('2') } }))).toEqual(['id-1', 'id-2']);
    expect(ids(await query({ range: ' AND #at BETWEEN :from AND :until', values: { ':from': S('2'), ':until': S('4') } }))).toEqual([
      'id-2',
      'id-3',
      'id-4',
    ]);
  });
});
