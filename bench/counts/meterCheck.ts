import {
  BatchGetItemCommand,
  type ConsumedCapacity,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../../core/lanes.ts';
import { startDynamoDbLocal } from '../dynamodbLocal.ts';
import { type Bench, figure } from '../figure.ts';
import { createTable } from '../taskTable.ts';
import { entryOf, type Item, queryUnits, readUnits, writeUnits } from './units.ts';

const TABLE = 'table';
const INSTANT = '2026-12-24T08:00:00.000Z';
const text = (S: string) => ({ S });
const number = (value: number) => ({ N: String(value) });

/** A row as tasks have it, in the shapes that a life gives it. `filler` makes it as large as is wanted. */
const row = (id: string, more: Item = {}, filler = 300): Item => ({
  id: text(id),
  name: text('send-invoice'),
  version: number(1),
  rev: number(1),
  level: text('medium'),
  payload: text('x'.repeat(filler)),
  dueAt: text(`${INSTANT}#1795509285058000#${id}`),
  attempts: { L: [{ M: { claim: number(1), outcome: text('completed') } }] },
  ...more,
});
const waiting = { priority: text('billing#medium#0') };
const watched = { watch: text('billing#deadline#medium#0'), watchAt: text(`${INSTANT}#a`) };
const withoutKeys = ({ priority: _p, watch: _w, watchAt: _a, ...rest }: Item): Item => rest;

/** Writes, each from a row (undefined: none) to the next. */
const WRITES: readonly { readonly name: string; readonly before?: Item; readonly after: Item }[] = [
  { name: 'enqueue', after: row('a', waiting) },
  { name: 'enqueue with a deadline', after: row('b', { ...waiting, ...watched }) },
  { name: 'claim', before: row('c', waiting), after: row('c', { rev: number(2), state: text('leased') }) },
  { name: 'claim with a deadline', before: row('d', { ...waiting, ...watched }), after: withoutKeys(row('d', { rev: number(2) })) },
  { name: 'complete', before: row('e', { state: text('leased') }), after: row('e', { state: text('completed'), rev: number(3) }) },
  { name: 'complete, listed', before: row('f'), after: row('f', { watch: text('billing#completed#0'), watchAt: text(INSTANT) }) },
  { name: 'retry', before: row('g', { rev: number(2) }), after: row('g', { ...waiting, rev: number(3) }) },
  { name: 'reprioritize', before: row('h', waiting), after: row('h', { priority: text('billing#high#0'), rev: number(2) }) },
  { name: 'a projected attribute alone', before: row('i', waiting), after: row('i', { ...waiting, rev: number(2) }) },
  { name: 'an attribute that no index has', before: row('j', waiting), after: row('j', { ...waiting, createdAt: number(17) }) },
  { name: 'a row of 1,024 bytes and more', after: row('k', waiting, 900) },
  { name: 'a row of 3 KB', before: row('l', waiting, 2_800), after: row('l', { rev: number(2) }, 2_800) },
  { name: 'a row that shrinks', before: row('m', {}, 2_800), after: row('m', {}, 10) },
];

export const bench: Bench = {
  name: 'meter',
  about: 'the meter of the counted figures beside the capacity that DynamoDB Local reports, request by request',
  isQuick: true,
  async run(progress) {
    const local = await startDynamoDbLocal(progress);
    try {
      const dynamo = new DynamoDBClient({
        endpoint: local.endpoint,
        region: 'eu-west-1',
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      });
      await createTable(dynamo, TABLE);
      const pairs = [...(await writesBeside(dynamo)), ...(await readsBeside(dynamo))];
      dynamo.destroy();
      const apart = pairs.filter(({ ours, theirs }) => ours !== theirs);
      const lines = pairs.map(({ name, ours, theirs }) => `${name}: ${ours} by the meter, ${theirs} by DynamoDB Local`);
      return {
        figures: [
          figure(1, `requests that the meter and DynamoDB Local count differently, of ${pairs.length}`, apart.length, '', { atMost: 0 }),
        ],
        notes: [...lines, ABOUT],
      };
    } finally {
      await local.stop();
    }
  },
};

const ABOUT = `Left out is what DynamoDB Local is known to report otherwise than AWS: PartiQL (nothing), a query without a result (0, on AWS
0.5). What a refused condition costs it does not say.`;

interface Pair {
  readonly name: string;
  readonly ours: number;
  readonly theirs: number;
}

async function writesBeside(dynamo: DynamoDBClient): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const { name, before, after } of WRITES) {
    if (before) await dynamo.send(new PutItemCommand({ TableName: TABLE, Item: before }));
    const { ConsumedCapacity } = await write(dynamo, before, after);
    const { table, indexes } = writeUnits(before, after, INDEXES);
    const ours = table + Object.values(indexes).reduce((sum, units) => sum + units, 0);
    pairs.push({ name, ours, theirs: ConsumedCapacity?.CapacityUnits ?? Number.NaN });
  }
  return pairs;
}

/** As the store writes: what changed is set, what is gone removed. */
function write(
  dynamo: DynamoDBClient,
  before: Item | undefined,
  after: Item,
): Promise<{ ConsumedCapacity?: ConsumedCapacity | undefined }> {
  if (!before) return dynamo.send(new PutItemCommand({ TableName: TABLE, Item: after, ReturnConsumedCapacity: 'TOTAL' }));
  const sets = Object.keys(after).filter((name) => name !== 'id' && JSON.stringify(after[name]) !== JSON.stringify(before[name]));
  const removes = Object.keys(before).filter((name) => !(name in after));
  const named = (names: readonly string[], prefix: string) => names.map((name, i) => [`#${prefix}${i}`, name] as const);
  const parts = [
    sets.length > 0 ? `SET ${sets.map((_, i) => `#s${i} = :s${i}`).join(', ')}` : '',
    removes.length > 0 ? `REMOVE ${removes.map((_, i) => `#r${i}`).join(', ')}` : '',
  ];
  const update = new UpdateItemCommand({
    TableName: TABLE,
    Key: { id: after.id ?? text('') },
    UpdateExpression: parts.join(' '),
    ExpressionAttributeNames: Object.fromEntries([...named(sets, 's'), ...named(removes, 'r')]),
    ...(sets.length > 0
      ? { ExpressionAttributeValues: Object.fromEntries(sets.map((name, i) => [`:s${i}`, after[name] ?? text('')])) }
      : {}),
    ReturnConsumedCapacity: 'TOTAL',
  });
  return dynamo.send(update);
}

async function readsBeside(dynamo: DynamoDBClient): Promise<Pair[]> {
  const lane = Array.from({ length: 40 }, (_, i) => row(`q${i}`, { priority: text('billing#low#0') }));
  for (const Item of lane) await dynamo.send(new PutItemCommand({ TableName: TABLE, Item }));
  const large = row('l', { rev: number(2) }, 2_800);
  const pairs: Pair[] = [];
  for (const isConsistent of [true, false]) {
    const options = { TableName: TABLE, ConsistentRead: isConsistent, ReturnConsumedCapacity: 'TOTAL' as const };
    for (const [id, item] of [
      ['l', large],
      ['nobody', undefined],
    ] as const) {
      const { ConsumedCapacity } = await dynamo.send(new GetItemCommand({ ...options, Key: { id: text(id) } }));
      pairs.push({
        name: `get ${item ? '' : 'nothing, '}${isConsistent ? 'consistently' : 'eventually'}`,
        ours: readUnits(item, isConsistent),
        theirs: ConsumedCapacity?.CapacityUnits ?? Number.NaN,
      });
    }
    const Keys = lane.map(({ id }) => ({ id: id ?? text('') }));
    const batch = new BatchGetItemCommand({
      RequestItems: { [TABLE]: { Keys, ConsistentRead: isConsistent } },
      ReturnConsumedCapacity: 'TOTAL',
    });
    const { ConsumedCapacity = [] } = await dynamo.send(batch);
    const ours = lane.reduce((sum, item) => sum + readUnits(item, isConsistent), 0);
    pairs.push({
      name: `get 40 ${isConsistent ? 'consistently' : 'eventually'}`,
      ours,
      theirs: ConsumedCapacity[0]?.CapacityUnits ?? Number.NaN,
    });
  }
  for (const Limit of [1, 25, 40]) {
    const { Items = [], ConsumedCapacity } = await dynamo.send(laneQuery(Limit));
    const entries = lane.map((item) => entryOf(item, INDEXES.due)).filter((entry) => Items.some(({ id }) => id?.S === entry?.id?.S));
    pairs.push({
      name: `query ${Limit} of a lane`,
      ours: queryUnits(entries as Item[]),
      theirs: ConsumedCapacity?.CapacityUnits ?? Number.NaN,
    });
  }
  return pairs;
}

const laneQuery = (Limit: number): QueryCommand =>
  new QueryCommand({
    TableName: TABLE,
    IndexName: 'due',
    KeyConditionExpression: 'priority = :lane',
    ExpressionAttributeValues: { ':lane': text('billing#low#0') },
    Limit,
    ReturnConsumedCapacity: 'TOTAL',
  });
