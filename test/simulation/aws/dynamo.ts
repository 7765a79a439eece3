// DynamoDB's operations, as far as they are used, after its API reference.
import {
  type BatchExecuteStatementCommandInput,
  type BatchGetItemCommandInput,
  ConditionalCheckFailedException,
  type GetItemCommandInput,
  type QueryCommandInput,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { Faults } from '../faults.ts';
import { holds, type Item, isEqual, refuseUnused, updated, validation } from './expressions.ts';
import { executed, keyOf, parsed } from './partiql.ts';
import type { Table } from './table.ts';

const KEYS_PER_BATCH_GET = 100;
const STATEMENTS_PER_BATCH = 25;

/** What a service says when it fails inside: the SDK tries again. */
export const internal = (): Error => Object.assign(new Error('Internal server error'), { name: 'InternalServerError', $retryable: {} });
export const throttled = (): Error => Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $retryable: {} });

export class Dynamo {
  readonly #table: Table;
  readonly #faults: Faults;

  constructor(table: Table, faults: Faults) {
    this.#table = table;
    this.#faults = faults;
  }

  execute(command: string, input: unknown): object {
    switch (command) {
      case 'GetItemCommand':
        return this.#get(input as GetItemCommandInput);
      case 'BatchGetItemCommand':
        return this.#batchGet(input as BatchGetItemCommandInput);
      case 'UpdateItemCommand':
        return this.#update(input as UpdateItemCommandInput);
      case 'BatchExecuteStatementCommand':
        return this.#batchExecute(input as BatchExecuteStatementCommandInput);
      case 'QueryCommand':
        return this.#query(input as QueryCommandInput);
      default:
        throw new Error(`The in-memory DynamoDB does not know ${command}`);
    }
  }

  #get({ Key, ConsistentRead }: GetItemCommandInput): object {
    const item = this.#read(Key?.id?.S ?? '', ConsistentRead === true);
    return item ? { Item: item } : {};
  }

  #batchGet({ RequestItems = {} }: BatchGetItemCommandInput): object {
    const [[table, request] = []] = Object.entries(RequestItems);
    const keys = request?.Keys ?? [];
    const ids = keys.map(({ id }) => id?.S ?? '');
    if (keys.length === 0 || keys.length > KEYS_PER_BATCH_GET) throw validation('1 validation error: Keys');
    if (new Set(ids).size < ids.length) throw validation('Provided list of item keys contains duplicates');
    const isLeft = keys.map(() => this.#faults.hits('unprocessed key'));
    const read = ids.map((id, i) => (isLeft[i] ? undefined : this.#read(id, request?.ConsistentRead === true)));
    const found = read.filter((item) => item !== undefined);
    const left = keys.filter((_, i) => isLeft[i]);
    return {
      // In any order.
      Responses: { [table as string]: found.reverse() },
      UnprocessedKeys: left.length > 0 ? { [table as string]: { ...request, Keys: left } } : {},
    };
  }

  #read(id: string, isConsistent: boolean): Item | undefined {
    return isConsistent ? this.#table.rows.get(id) : this.#table.stale(id, this.#faults.staleMs());
  }

  #update(input: UpdateItemCommandInput): object {
    const { Key, UpdateExpression, ConditionExpression } = input;
    const substitutes = { names: input.ExpressionAttributeNames, values: input.ExpressionAttributeValues };
    refuseUnused([UpdateExpression, ConditionExpression], substitutes);
    const id = Key?.id?.S ?? '';
    const before = this.#table.rows.get(id);
    if (ConditionExpression !== undefined && !holds(ConditionExpression, before, substitutes)) {
      const shown = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before ? { Item: { ...before } } : {};
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {}, ...shown });
    }
    const after = updated(UpdateExpression ?? '', before ?? { id: { S: id } }, substitutes);
    this.#table.write(id, after);
    return input.ReturnValues === 'ALL_NEW' ? { Attributes: { ...after } } : {};
  }

  #batchExecute({ Statements = [] }: BatchExecuteStatementCommandInput): object {
    if (Statements.length === 0 || Statements.length > STATEMENTS_PER_BATCH) throw validation('1 validation error: Statements');
    const statements = Statements.map(({ Statement = '', Parameters = [], ...rest }) => ({ ...rest, read: parsed(Statement), Parameters }));
    const ids = statements.map(({ read, Parameters }) => keyOf(read, Parameters));
    if (new Set(ids).size < ids.length) throw validation('Provided list of item keys contains duplicates');
    const Responses = statements.map(({ read, Parameters, ReturnValuesOnConditionCheckFailure }, i) => {
      // The service may fail half way: what was written stays.
      if (i > 0 && this.#faults.hits('half a batch')) throw internal();
      if (this.#faults.hits('throttled statement')) return { Error: { Code: 'ThrottlingError', Message: 'Rate exceeded' } };
      const id = ids[i] ?? '';
      const before = this.#table.rows.get(id);
      const after = executed(read, Parameters, before);
      if (after) {
        this.#table.write(id, after);
        return read.kind === 'update' ? { Item: { ...after } } : {};
      }
      const shown = ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before ? { Item: { ...before } } : {};
      return { Error: { Code: read.kind === 'insert' ? 'DuplicateItem' : 'ConditionalCheckFailed', ...shown } };
    });
    return { Responses };
  }

  #query(input: QueryCommandInput): object {
    const { IndexName = '', KeyConditionExpression = '', Limit = Number.POSITIVE_INFINITY, ExclusiveStartKey } = input;
    const substitutes = { names: input.ExpressionAttributeNames, values: input.ExpressionAttributeValues };
    refuseUnused([KeyConditionExpression], substitutes);
    const { items, schema } = this.#table.inOrder(IndexName, (item) => holds(KeyConditionExpression, item, substitutes));
    if (input.ScanIndexForward === false) items.reverse();
    const start = ExclusiveStartKey ? this.#startAfter(items, ExclusiveStartKey, schema.sort, input.ScanIndexForward === false) : 0;
    const page = items.slice(start, start + Limit);
    const last = page.at(-1);
    // A page that ends with the last row says where it ended, too, if it was full.
    if (!last || page.length < Limit) return { Items: page };
    const { id, [schema.partition]: lane, [schema.sort]: at } = last;
    return { Items: page, LastEvaluatedKey: { id, [schema.partition]: lane, [schema.sort]: at } };
  }

  #startAfter(items: readonly Item[], start: Item, sort: string, isBackwards: boolean): number {
    const isPast = (item: Item) => {
      const [a, b] = [item[sort]?.S ?? '', start[sort]?.S ?? ''];
      return !isEqual(item[sort], start[sort]) && (isBackwards ? a < b : a > b);
    };
    const at = items.findIndex(isPast);
    return at < 0 ? items.length : at;
  }
}
