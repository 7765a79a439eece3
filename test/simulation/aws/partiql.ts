// The two statements of PartiQL that are used, after "PartiQL for DynamoDB" of its guide.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Item, isEqual } from './expressions.ts';

/** A statement that was read; its parameters come with each use. */
export type Parsed = Insert | Update;
interface Insert {
  readonly kind: 'insert';
  readonly names: readonly string[];
}
interface Update {
  readonly kind: 'update';
  readonly set: readonly { readonly name: string; readonly from: 'parameter' | 'plus one' }[];
  readonly removed: readonly string[];
  readonly where: readonly string[];
}

const cache = new Map<string, Parsed>();

export function parsed(statement: string): Parsed {
  let found = cache.get(statement);
  if (!found) {
    found = read(statement);
    cache.set(statement, found);
  }
  return found;
}

function read(statement: string): Parsed {
  const insert = /^INSERT INTO "[^"]+" VALUE \{(.*)\}$/.exec(statement);
  if (insert)
    return { kind: 'insert', names: (insert[1] ?? '').split(', ').map((part) => /^'(\w+)': \?$/.exec(part)?.[1] ?? fail(statement)) };
  const update = /^UPDATE "[^"]+" (.*) WHERE (.*) RETURNING ALL NEW \*$/.exec(statement) ?? fail(statement);
  const set: Update['set'][number][] = [];
  const removed: string[] = [];
  for (const clause of (update[1] ?? '').split(/ (?=SET |REMOVE )/)) {
    const [, name, value, same] = /^SET "(\w+)"=(\?|"(\w+)"\+1)$/.exec(clause) ?? [];
    const gone = /^REMOVE "(\w+)"$/.exec(clause)?.[1];
    if (gone) removed.push(gone);
    else if (name && (value === '?' || same === name)) set.push({ name, from: value === '?' ? 'parameter' : 'plus one' });
    else fail(statement);
  }
  const where = (update[2] ?? '').split(' AND ').map((part) => /^"(\w+)"=\?$/.exec(part)?.[1] ?? fail(statement));
  return { kind: 'update', set, removed, where };
}

/** The key that a statement is about. */
export function keyOf(statement: Parsed, parameters: readonly AttributeValue[]): string {
  const at = statement.kind === 'insert' ? statement.names.indexOf('id') : parameterCount(statement) + statement.where.indexOf('id');
  return parameters[at]?.S ?? '';
}

const parameterCount = ({ set }: Update): number => set.filter(({ from }) => from === 'parameter').length;

/** The new item, or undefined: the statement's condition does not hold. */
export function executed(statement: Parsed, parameters: readonly AttributeValue[], before: Item | undefined): Item | undefined {
  if (statement.kind === 'insert') {
    return before ? undefined : Object.fromEntries(statement.names.map((name, i) => [name, parameters[i] as AttributeValue]));
  }
  const first = parameterCount(statement);
  if (!before || !statement.where.every((name, i) => isEqual(before[name], parameters[first + i]))) return undefined;
  const after: Record<string, AttributeValue> = { ...before };
  let at = 0;
  for (const { name, from } of statement.set) {
    after[name] = from === 'parameter' ? (parameters[at++] as AttributeValue) : { N: String(Number(before[name]?.N) + 1) };
  }
  for (const name of statement.removed) delete after[name];
  return after;
}

function fail(statement: string): never {
  throw new Error(`The in-memory DynamoDB does not know this statement: ${statement}`);
}
