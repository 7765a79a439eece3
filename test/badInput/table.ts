import { type BatchStatementResponse, ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../../core/lanes.ts';
import type { Item } from '../../functions/rows.ts';

type Value = Item[string];
type Index = keyof typeof INDEXES;

/** What DynamoDB answers to a request that it does not understand, or that does not fit the row. */
const invalid = (message: string): Error => Object.assign(new Error(message), { name: 'ValidationException' });

/**
 * A table in memory, as far as the system's functions use one: keys and indexes, conditions, and statements in batches,
 * each answered apart. Rows may be put into it in any form that DynamoDB would keep.
 */
export class MemoryTable {
  readonly rows = new Map<string, Item>();
  /** Rows that were written, from the first. */
  writes = 0;
  #calls = Number.POSITIVE_INFINITY;

  readonly client = {
    send: async (command: { constructor: { name: string }; input: never }) => structuredClone(this.#answer(command)),
    destroy: () => {},
  } as unknown as DynamoDBClient;

  /** From now on so many calls are answered, and no more: who asks without end is stopped. */
  allow(calls: number): void {
    this.#calls = calls;
  }

  put(item: Item): void {
    this.rows.set(item.id?.S ?? '', stored(item));
    this.writes++;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the inputs of five operations.
  #answer({ constructor: { name }, input }: { constructor: { name: string }; input: any }): object {
    if (this.#calls-- <= 0) throw new Error('it asks without end');
    switch (name) {
      case 'GetItemCommand':
        return { Item: this.rows.get(input.Key.id.S) };
      case 'BatchGetItemCommand':
        return {
          Responses: Object.fromEntries(Object.entries(input.RequestItems).map(([table, asked]) => [table, this.#get(asked as never)])),
        };
      case 'UpdateItemCommand':
        return this.#update(input);
      case 'BatchExecuteStatementCommand':
        return { Responses: input.Statements.map((one: Statement) => this.#execute(one)) };
      case 'QueryCommand':
        return this.#query(input);
      default:
        throw invalid(`${name} is not known here`);
    }
  }

  #get({ Keys }: { Keys: Item[] }): Item[] {
    const ids = Keys.map(({ id }) => id?.S ?? '');
    if (new Set(ids).size < ids.length || ids.length > 100) throw invalid('keys are distinct, and 100 at most');
    return ids.flatMap((id) => {
      const row = this.rows.get(id);
      return row ? [row] : [];
    });
  }

  #update({ Key, UpdateExpression, ConditionExpression, ...input }: Update): object {
    const names = input.ExpressionAttributeNames ?? {};
    const values = input.ExpressionAttributeValues ?? {};
    const before = this.rows.get(Key.id.S);
    if (ConditionExpression !== undefined && !holds(ConditionExpression, before ?? {}, names, values)) {
      throw new ConditionalCheckFailedException({ message: 'no', $metadata: {}, ...(before ? { Item: before } : {}) });
    }
    const after: Item = { ...before, id: Key.id };
    for (const [, verb, list = ''] of UpdateExpression.matchAll(/(SET|ADD|REMOVE) (.*?)(?= (?:SET|ADD|REMOVE) |$)/g)) {
      for (const part of list.split(',').map((text) => text.trim())) {
        const [, name = '', value = ''] = /^(#\w+)(?: ?=? ?)(:\w+)?$/.exec(part) ?? [];
        const key = names[name] ?? '';
        if (verb === 'REMOVE') delete after[key];
        else after[key] = verb === 'SET' ? (values[value] as Value) : sum(after[key], values[value] as Value);
      }
    }
    this.put(after);
    return { Attributes: after };
  }

  /** One of the three statements that there are: an insert, a claim, or a slot's writing. */
  #execute({ Statement, Parameters }: Statement): BatchStatementResponse {
    if (Statement.startsWith('INSERT')) {
      const fields = [...Statement.matchAll(/'(\w+)': \?/g)].map(([, name], i) => [name, Parameters[i]]);
      const item = Object.fromEntries(fields) as Item;
      if (this.rows.has(item.id?.S ?? '')) return { Error: { Code: 'DuplicateItem' } };
      this.put(item);
      return {};
    }
    const asked = [...(Statement.split(' WHERE ')[1] ?? '').matchAll(/"(\w+)"=\?/g)].map(([, name = '']) => name);
    const values = Object.fromEntries(asked.map((name, i) => [name, Parameters[Parameters.length - asked.length + i]]));
    const before = this.rows.get(values.id?.S ?? '');
    const fits = before && asked.every((name) => isEqual(before[name], values[name]));
    if (!fits) return { Error: { Code: 'ConditionalCheckFailed', ...(before ? { Item: before } : {}) } };
    try {
      const sets = [...Statement.matchAll(/SET "(\w+)"=\?/g)].map(([, name], i) => [name, Parameters[i]]);
      const isClaim = Statement.includes('"claim"="claim"+');
      const after: Item = { ...before, ...Object.fromEntries(sets), ...(isClaim ? { claim: sum(before.claim, { N: '1' }) } : {}) };
      for (const [, name = ''] of Statement.matchAll(/REMOVE "(\w+)"/g)) delete after[name];
      this.put(after);
      return { Item: after };
    } catch {
      return { Error: { Code: 'ValidationError' } };
    }
  }

  #query({ IndexName, ExpressionAttributeValues: values, ScanIndexForward = true, Limit, ExclusiveStartKey }: Query): object {
    const { partition, sort, projected } = INDEXES[IndexName];
    const keyOf = (item: Item) => item[sort]?.S ?? '';
    const found = [...this.rows.values()]
      .filter((item) => item[partition]?.S === values[':lane']?.S && item[sort] !== undefined)
      .filter((item) => keyOf(item) >= (values[':from']?.S ?? '') && keyOf(item) <= (values[':until']?.S ?? '\uffff'))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const ordered = ScanIndexForward ? found : found.reverse();
    const start = ExclusiveStartKey ? ordered.findIndex(({ id }) => id?.S === ExclusiveStartKey.id?.S) + 1 : 0;
    const page = ordered.slice(start, start + Limit);
    const last = page.at(-1);
    const keys = ['id', partition, sort];
    const shown = [...keys, ...projected];
    return {
      Items: page.map((item) => only(item, shown)),
      ...(last && start + Limit < ordered.length ? { LastEvaluatedKey: only(last, keys) } : {}),
    };
  }
}

interface Statement {
  readonly Statement: string;
  readonly Parameters: Value[];
}
interface Update {
  readonly Key: { readonly id: { readonly S: string } };
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, Value>;
}
interface Query {
  readonly IndexName: Index;
  readonly ExpressionAttributeValues: Record<string, Value>;
  readonly ScanIndexForward?: boolean;
  readonly Limit: number;
  readonly ExclusiveStartKey?: Item;
}

const KEYS = Object.values(INDEXES).flatMap(({ partition, sort }) => [partition, sort]);

/** A row as it is kept: the keys of the indexes are texts, each of some length. */
function stored(item: Item): Item {
  const isKey = (value: Value | undefined) => value === undefined || (value.S !== undefined && value.S !== '');
  if (!item.id?.S || !KEYS.every((name) => isKey(item[name]))) throw invalid('a key is a text');
  return item;
}

const only = (item: Item, names: readonly string[]): Item =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));

function sum(value: Value | undefined, more: Value): Value {
  if (value !== undefined && value.N === undefined) throw invalid('An operand in the update expression has an incorrect data type');
  return { N: String(Number(value?.N ?? 0) + Number(more.N)) };
}

const isEqual = (a: Value | undefined, b: Value | undefined): boolean =>
  a?.N !== undefined && b?.N !== undefined ? Number(a.N) === Number(b.N) : a !== undefined && JSON.stringify(a) === JSON.stringify(b);

function holds(condition: string, item: Item, names: Record<string, string>, values: Record<string, Value>): boolean {
  return condition.split(' OR ').some((part) => part.split(' AND ').every((atom) => holdsAtom(atom.trim(), item, names, values)));
}

function holdsAtom(atom: string, item: Item, names: Record<string, string>, values: Record<string, Value>): boolean {
  const [, call, name, operator, operand] = /^(?:(\w+)\()?(#\w+)\)?(?: (=|<) (:\w+))?$/.exec(atom) ?? [];
  const value = item[names[name ?? ''] ?? ''];
  const other = values[operand ?? ''];
  if (call === 'attribute_not_exists') return value === undefined;
  if (call === 'attribute_exists') return value !== undefined;
  if (operator === '=') return isEqual(value, other);
  if (operator === '<') return value?.N !== undefined && other?.N !== undefined && Number(value.N) < Number(other.N);
  throw invalid(`the condition ${atom} is not known here`);
}
