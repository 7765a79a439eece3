import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { dueAtOfKey, INDEXES } from '../core/lanes.ts';
import type { Nomination } from '../core/order.ts';
import { LEVELS, type Level, type Trait } from '../core/task.ts';
import type { Item } from './rows.ts';
import { isIndexed } from './task-form.ts';

/** Which part of a lane is read. */
export interface LanePart {
  readonly limit: number;
  /** Where the page before ended. */
  readonly start?: Item | undefined;
  /** Sort keys from here on, and up to here, both included. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  /** The last first. @default false */
  readonly backwards?: boolean | undefined;
}

export interface LanePage {
  readonly items: readonly Item[];
  /** Where the next page starts; absent: this was the last. */
  readonly next?: Item;
}

/** One page of one lane of an index. */
export async function queryLane(
  dynamo: DynamoDBClient,
  table: string,
  index: keyof typeof INDEXES,
  lane: string,
  { limit, start, from, until, backwards = false }: LanePart,
): Promise<LanePage> {
  const { partition, sort } = INDEXES[index];
  const range =
    from !== undefined && until !== undefined
      ? ' AND #at BETWEEN :from AND :until'
      : from !== undefined
        ? ' AND #at >= :from'
        : until !== undefined
          ? ' AND #at <= :until'
          : '';
  const { Items = [], LastEvaluatedKey } = await dynamo.send(
    new QueryCommand({
      TableName: table,
      IndexName: index,
      KeyConditionExpression: `#lane = :lane${range}`,
      ExpressionAttributeNames: range ? { '#lane': partition, '#at': sort } : { '#lane': partition },
      ExpressionAttributeValues: {
        ':lane': { S: lane },
        ...(from === undefined ? {} : { ':from': { S: from } }),
        ...(until === undefined ? {} : { ':until': { S: until } }),
      },
      Limit: limit,
      ...(backwards ? { ScanIndexForward: false } : {}),
      ...(start ? { ExclusiveStartKey: start } : {}),
    }),
  );
  return LastEvaluatedKey ? { items: Items, next: LastEvaluatedKey } : { items: Items };
}

/** A task that waits in a lane. `dueAt` of a front task is −Infinity: it is due. */
export type Waiting = Nomination & { readonly dueAt: number; readonly version: number };

/** What an index tells of a waiting task; undefined for a row without the parts that a claim needs, or with one that is none. */
export function waitingOf({ id, name, version, rev, level, dueAt, deadlineAt, traits }: Item): Waiting | undefined {
  if (!id?.S || !name?.S || !rev?.N || !dueAt?.S || !isLevel(level?.S) || Number.isNaN(dueAtOfKey(dueAt.S))) return undefined;
  const numbers = { rev: Number(rev.N), version: numberIn(version, 1), deadlineAt: numberIn(deadlineAt, 0) };
  if (!isIndexed(numbers)) return undefined;
  return {
    id: id.S,
    name: name.S,
    version: numbers.version,
    rev: numbers.rev,
    level: level.S,
    key: dueAt.S,
    dueAt: dueAtOfKey(dueAt.S),
    ...(deadlineAt ? { deadlineAt: numbers.deadlineAt } : {}),
    // Those of a later release too: a claim that adds one writes them all.
    ...(traits?.L ? { traits: traits.L.flatMap(({ S }) => (S === undefined ? [] : [S as Trait])) } : {}),
  };
}

const isLevel = (text: string | undefined): text is Level => LEVELS.some((level) => level === text);

/** NaN: what stands there is no number. */
const numberIn = (value: Item[string] | undefined, absent: number): number => (value ? Number(value.N) : absent);
