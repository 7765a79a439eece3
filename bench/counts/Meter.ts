import type {
  BatchExecuteStatementCommandInput,
  BatchExecuteStatementCommandOutput,
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  QueryCommandOutput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { INDEXES } from '../../core/lanes.ts';
import type { Cloud } from '../../test/simulation/aws/cloud.ts';
import { keyOf, parsed } from '../../test/simulation/aws/partiql.ts';
import { failedWriteUnits, type Item, queryUnits, readUnits, sizeOf, type WriteUnits, writeUnits } from './units.ts';

/** One call as it was carried out, and what it costs. */
export interface Metered {
  /** The function that asked; `dispatcher-3`: its third run. */
  readonly by: string;
  /** `Query`, `PublishBatch` … */
  readonly call: string;
  readonly writes: number;
  readonly reads: number;
}

/** What a row is part of. */
type Part = 'row' | 'due' | 'watch' | 'slot' | 'seat' | 'other';

const NOTHING = { writes: 0, reads: 0 };

/** Counts every call of an in-memory AWS, and what DynamoDB would charge for it. */
export class Meter {
  readonly calls: Metered[] = [];
  /** Write units by what they were for: a task's row, its places in the indexes, the slots, the seat. */
  readonly parts = new Map<Part, number>();
  /** The largest task's row that was ever written. */
  largestRow = 0;

  /** Has every call of `cloud` counted. */
  watch(cloud: Cloud): void {
    const execute = cloud.execute.bind(cloud);
    cloud.execute = (command, input, by) => {
      const count = this.#counterOf(command, input, cloud.table.rows);
      const add = (units: Pick<Metered, 'writes' | 'reads'>) =>
        this.calls.push({ by: by.name, call: command.replace(/Command$/, ''), writes: units.writes, reads: units.reads });
      try {
        const output = execute(command, input, by);
        add(count(output));
        return output;
      } catch (error) {
        add(count(undefined));
        throw error;
      }
    };
  }

  /** Calls of a function (or all; or one run), of one kind (or all). */
  count(by?: string, call?: string): number {
    return this.#of(by, call).length;
  }

  writes(by?: string, call?: string): number {
    return this.#of(by, call).reduce((sum, { writes }) => sum + writes, 0);
  }

  reads(by?: string, call?: string): number {
    return this.#of(by, call).reduce((sum, { reads }) => sum + reads, 0);
  }

  /** Forgets what it has counted. */
  reset(): void {
    this.calls.length = 0;
    this.parts.clear();
  }

  /** How often a function made each kind of call. */
  kinds(by?: string): Map<string, number> {
    const kinds = new Map<string, number>();
    for (const { call } of this.#of(by)) kinds.set(call, (kinds.get(call) ?? 0) + 1);
    return kinds;
  }

  #of(by?: string, call?: string): Metered[] {
    const isBy = (name: string) => by === undefined || name === by || name.startsWith(`${by}-`);
    return this.calls.filter((one) => isBy(one.by) && (call === undefined || one.call === call));
  }

  /** What a call costs, once it is known what came of it. Rows are seen as they are before it. */
  #counterOf(
    command: string,
    input: unknown,
    rows: ReadonlyMap<string, Item>,
  ): (output: object | undefined) => Pick<Metered, 'writes' | 'reads'> {
    switch (command) {
      case 'GetItemCommand':
        return (output) => ({
          writes: 0,
          reads: readUnits((output as GetItemCommandOutput).Item, (input as GetItemCommandInput).ConsistentRead === true),
        });
      case 'BatchGetItemCommand':
        return (output) => ({ writes: 0, reads: batchUnits(input as BatchGetItemCommandInput, output as BatchGetItemCommandOutput) });
      case 'QueryCommand':
        return (output) => ({ writes: 0, reads: queryUnits((output as QueryCommandOutput).Items ?? []) });
      case 'UpdateItemCommand': {
        const id = (input as UpdateItemCommandInput).Key?.id?.S ?? '';
        const before = rows.get(id);
        return (output) => ({ writes: this.#written(id, before, output && rows.get(id)), reads: 0 });
      }
      case 'BatchExecuteStatementCommand': {
        const ids = idsOf(input as BatchExecuteStatementCommandInput);
        const before = ids.map((id) => rows.get(id));
        return (output) => ({
          writes: this.#batchWritten(ids, before, output as BatchExecuteStatementCommandOutput | undefined, rows),
          reads: 0,
        });
      }
      default:
        return () => NOTHING;
    }
  }

  /** `output` undefined: the batch was refused as a whole, which is no write. */
  #batchWritten(
    ids: readonly string[],
    before: readonly (Item | undefined)[],
    output: BatchExecuteStatementCommandOutput | undefined,
    rows: ReadonlyMap<string, Item>,
  ): number {
    const answers = output?.Responses ?? [];
    return answers.reduce((sum, { Error: error }, i) => {
      const id = ids[i] ?? '';
      return sum + this.#written(id, before[i], error ? undefined : rows.get(id));
    }, 0);
  }

  /** `after` undefined: its condition failed. */
  #written(id: string, before: Item | undefined, after: Item | undefined): number {
    const units: WriteUnits = after ? writeUnits(before, after, INDEXES) : { table: failedWriteUnits(before), indexes: {} };
    const part = partOf(id);
    if (part === 'row' && after) this.largestRow = Math.max(this.largestRow, sizeOf(after));
    this.#add(part, units.table);
    for (const [index, more] of Object.entries(units.indexes)) this.#add(index as Part, more);
    return units.table + Object.values(units.indexes).reduce((sum, more) => sum + more, 0);
  }

  #add(part: Part, units: number): void {
    this.parts.set(part, (this.parts.get(part) ?? 0) + units);
  }
}

function batchUnits({ RequestItems = {} }: BatchGetItemCommandInput, { Responses = {} }: BatchGetItemCommandOutput): number {
  return Object.entries(RequestItems).reduce((sum, [table, { Keys = [], ConsistentRead = false }]) => {
    const found = Responses[table] ?? [];
    const units = found.reduce((total, item) => total + readUnits(item, ConsistentRead), 0);
    return sum + units + (Keys.length - found.length) * readUnits(undefined, ConsistentRead);
  }, 0);
}

const idsOf = ({ Statements = [] }: BatchExecuteStatementCommandInput): string[] =>
  Statements.map(({ Statement = '', Parameters = [] }) => keyOf(parsed(Statement), Parameters));

function partOf(id: string): Part {
  if (id === '~seat') return 'seat';
  if (id.startsWith('~')) return 'other';
  return id.includes('/slot/') ? 'slot' : 'row';
}
