// DynamoDB's condition and update expressions, as far as they are used, after "Expressions in DynamoDB" of its guide.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

/** What stands for names and values in an expression. */
export interface Substitutes {
  readonly names?: Readonly<Record<string, string>> | undefined;
  readonly values?: Item | undefined;
}

type Operand = (item: Item | undefined, substitutes: Substitutes) => AttributeValue | undefined;
type Condition = (item: Item | undefined, substitutes: Substitutes) => boolean;
type Change = (before: Item, after: Record<string, AttributeValue>, substitutes: Substitutes) => void;

export const validation = (message: string): Error => Object.assign(new Error(message), { name: 'ValidationException' });

/** Whether an item (undefined: there is none) is as the expression says. */
export function holds(expression: string, item: Item | undefined, substitutes: Substitutes): boolean {
  return cached(conditions, expression, () => new Parser(expression).condition())(item, substitutes);
}

/** The item as an update expression makes it. */
export function updated(expression: string, before: Item, substitutes: Substitutes): Item {
  const after = { ...before };
  for (const change of cached(updates, expression, () => new Parser(expression).update())) change(before, after, substitutes);
  return after;
}

/** DynamoDB refuses what is named and not used, and what is used and not named. */
export function refuseUnused(expressions: readonly (string | undefined)[], { names = {}, values = {} }: Substitutes): void {
  const used = new Set(expressions.flatMap((text = '') => cached(placeholders, text, () => text.match(/[#:]\w+/g) ?? [])));
  for (const key of [...Object.keys(names), ...Object.keys(values)]) {
    if (!used.has(key)) throw validation(`Value provided in ExpressionAttributeNames or -Values unused in expressions: ${key}`);
  }
  for (const key of used) {
    if (!(key in names) && !(key in values)) throw validation(`An expression attribute name or value is not defined: ${key}`);
  }
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, Change[]>();
const placeholders = new Map<string, string[]>();

function cached<T>(cache: Map<string, T>, key: string, make: () => T): T {
  let value = cache.get(key);
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}

/** Below zero, zero or above; undefined: values of two types, or none. */
export function compared(a: AttributeValue | undefined, b: AttributeValue | undefined): number | undefined {
  if (a?.N !== undefined && b?.N !== undefined) return Number(a.N) - Number(b.N);
  if (a?.S !== undefined && b?.S !== undefined) return a.S < b.S ? -1 : a.S > b.S ? 1 : 0;
  return undefined;
}

export function isEqual(a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const order = compared(a, b);
  return order === undefined ? JSON.stringify(a) === JSON.stringify(b) : order === 0;
}

const COMPARISONS: Readonly<Record<string, (a: AttributeValue | undefined, b: AttributeValue | undefined) => boolean>> = {
  '=': isEqual,
  '<': (a, b) => (compared(a, b) ?? 0) < 0,
  '<=': (a, b) => (compared(a, b) ?? 1) <= 0,
  '>': (a, b) => (compared(a, b) ?? 0) > 0,
  '>=': (a, b) => (compared(a, b) ?? -1) >= 0,
};

class Parser {
  readonly #text: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/[#:]?\w+|<=|>=|<>|\S/g) ?? [];
  }

  condition(): Condition {
    const condition = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unknown();
    return condition;
  }

  update(): Change[] {
    const changes: Change[] = [];
    while (this.#at < this.#tokens.length) {
      const section = this.#take().toUpperCase();
      do changes.push(this.#change(section));
      while (this.#accept(','));
    }
    if (changes.length === 0) throw validation('Invalid UpdateExpression: The expression can not be empty;');
    return changes;
  }

  #change(section: string): Change {
    const name = this.#name();
    if (section === 'REMOVE')
      return (_before, after, substitutes) => {
        delete after[name(substitutes)];
      };
    if (section === 'ADD') {
      const value = this.#operand();
      return (before, after, substitutes) => {
        const key = name(substitutes);
        after[key] = { N: String(Number(before[key]?.N ?? 0) + Number(value(before, substitutes)?.N)) };
      };
    }
    if (section !== 'SET') throw this.#unknown();
    this.#expect('=');
    const value = this.#operand();
    return (before, after, substitutes) => {
      const set = value(before, substitutes);
      if (set === undefined) throw validation('The provided expression refers to an attribute that does not exist in the item');
      after[name(substitutes)] = set;
    };
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#accept('OR')) parts.push(this.#and());
    return (item, substitutes) => parts.some((part) => part(item, substitutes));
  }

  #and(): Condition {
    const parts = [this.#primary()];
    while (this.#accept('AND')) parts.push(this.#primary());
    return (item, substitutes) => parts.every((part) => part(item, substitutes));
  }

  #primary(): Condition {
    if (this.#accept('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    for (const [name, wanted] of [
      ['attribute_exists', true],
      ['attribute_not_exists', false],
    ] as const) {
      if (!this.#accept(name)) continue;
      this.#expect('(');
      const attribute = this.#name();
      this.#expect(')');
      return (item, substitutes) => (item?.[attribute(substitutes)] !== undefined) === wanted;
    }
    return this.#comparison();
  }

  #comparison(): Condition {
    const left = this.#operand();
    if (this.#accept('BETWEEN')) {
      const from = this.#operand();
      this.#expect('AND');
      const until = this.#operand();
      return (item, substitutes) => {
        const value = left(item, substitutes);
        return (compared(value, from(item, substitutes)) ?? -1) >= 0 && (compared(value, until(item, substitutes)) ?? 1) <= 0;
      };
    }
    const compare = COMPARISONS[this.#take()];
    if (!compare) throw this.#unknown();
    const right = this.#operand();
    return (item, substitutes) => compare(left(item, substitutes), right(item, substitutes));
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at] ?? '';
    if (token.startsWith(':')) {
      this.#at++;
      return (_item, { values }) => values?.[token];
    }
    const name = this.#name();
    return (item, substitutes) => item?.[name(substitutes)];
  }

  #name(): (substitutes: Substitutes) => string {
    const token = this.#take();
    if (!token.startsWith('#')) throw this.#unknown();
    return ({ names }) => names?.[token] ?? token;
  }

  #take(): string {
    return this.#tokens[this.#at++] ?? '';
  }

  #accept(token: string): boolean {
    const isNext = this.#tokens[this.#at]?.toUpperCase() === token.toUpperCase();
    if (isNext) this.#at++;
    return isNext;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) throw this.#unknown();
  }

  #unknown(): Error {
    return new Error(`The in-memory DynamoDB does not know this expression: ${this.#text}`);
  }
}
