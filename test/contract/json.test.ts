import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonProblem } from '../../contract/json.ts';
import { LIMITS } from '../../contract/limits.ts';

/** `levels` arrays, one in the other. */
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

const throwing = {
  get: (): never => {
    throw new Error('no');
  },
  enumerable: true,
};
const cycle = (): unknown => {
  const self: Record<string, unknown> = { list: [] };
  (self.list as unknown[]).push(self);
  return self;
};
class Invoice {
  number = 42;
}

describe('what JSON carries as it is, is a payload', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['a text, empty too', ''],
    ['any characters of a text', '\u0000\u202e\ud83d\ude00'],
    ['true', true],
    ['0', 0],
    ['a fraction', -0.1],
    ['the smallest fraction', Number.MIN_VALUE],
    ['2^53 − 1', Number.MAX_SAFE_INTEGER],
    ['−(2^53 − 1)', Number.MIN_SAFE_INTEGER],
    ['empty containers', [{}, []]],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['an own property __proto__, as JSON.parse makes it', JSON.parse('{"__proto__":{"a":1}}')],
    ['properties named as inherited ones', { constructor: 'x', hasOwnProperty: 1, toString: null, length: 3 }],
    ['toJSON as data', { toJSON: 'x' }],
    ['the same part twice', ((part) => [part, { part }])({ a: 1 })],
    [`${LIMITS.payloadDepth} levels`, nested(32)],
    [
      'a getter that gives a value',
      {
        get a() {
          return 1;
        },
      },
    ],
  ])('%s', (_, value) => {
    expect(jsonProblem(value)).toBeUndefined();
  });
});

describe('what JSON would drop, change or never end, is refused: where, what, and what is allowed', () => {
  it.each<[string, unknown, string, string]>([
    ['undefined', undefined, 'payload', 'undefined'],
    ['a part undefined', { a: { b: undefined } }, 'payload.a.b', 'undefined'],
    ['a hole in an array', JSON.parse('[1,2,3]', (key, value) => (key === '1' ? undefined : value)), 'payload[1]', 'undefined'],
    ['half a character', { a: ['\ud800'] }, 'payload.a[0]', 'a text with half a character (a lone surrogate)'],
    ['half a character in a key', { a: { '\udc00x': 1 } }, 'payload.a', 'a key with half a character (a lone surrogate)'],
    ['a function', { a: () => 1 }, 'payload.a', 'a function'],
    ['a symbol', [Symbol('s')], 'payload[0]', 'a symbol'],
    ['a property under a symbol', { a: { [Symbol('s')]: 1 } }, 'payload.a', 'a property under a symbol'],
    ['NaN', { a: [0, Number.NaN] }, 'payload.a[1]', 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'payload', 'Infinity'],
    ['−Infinity', Number.NEGATIVE_INFINITY, 'payload', '-Infinity'],
    ['−0', { a: -0 }, 'payload.a', '-0'],
    ['2^53', { a: 2 ** 53 }, 'payload.a', '9007199254740992'],
    ['−2^53', { a: -(2 ** 53) }, 'payload.a', '-9007199254740992'],
    ['38 digits', JSON.parse('[12345678901234567890123456789012345678]'), 'payload[0]', '1.2345678901234568e+37'],
    ['a BigInt', { a: 1n }, 'payload.a', 'a bigint'],
    ['a Date', { at: new Date(0) }, 'payload.at', 'a Date'],
    ['an invalid Date', new Date(Number.NaN), 'payload', 'a Date'],
    ['a Map', new Map([['secret', 1]]), 'payload', 'a Map'],
    ['a Set', { a: new Set() }, 'payload.a', 'a Set'],
    ['a Buffer', Buffer.from('secret'), 'payload', 'a Buffer'],
    ['a typed array', new Uint8Array(2), 'payload', 'a Uint8Array'],
    ['a RegExp', /x/, 'payload', 'a RegExp'],
    ['an Error', new RangeError('secret'), 'payload', 'a RangeError'],
    ['a Promise', Promise.resolve(1), 'payload', 'a Promise'],
    ['a boxed number', Object(1), 'payload', 'a Number'],
    ['an instance of a class', [new Invoice()], 'payload[0]', 'a Invoice'],
    ['an instance of no name', new (class {})(), 'payload', 'a class instance'],
    ['an instance that lies about its class', Object.assign(new Invoice(), { constructor: { name: 'secret' } }), 'payload', 'a Invoice'],
    ['a prototype that throws', Object.create(Object.defineProperty({}, 'constructor', throwing)), 'payload', 'a class instance'],
    ['a getter that throws', Object.defineProperty({ b: 1 }, 'a', throwing), 'payload.a', 'a getter that throws'],
    ['a getter that throws, in an array', Object.defineProperty([0, 0], 1, throwing), 'payload[1]', 'a getter that throws'],
    ['toJSON', { toJSON: () => 'x' }, 'payload.toJSON', 'a toJSON method'],
    ['toJSON, hidden', Object.defineProperty({ a: 1 }, 'toJSON', { value: () => 'x' }), 'payload.toJSON', 'a toJSON method'],
    ['toJSON of an array', Object.assign([1], { toJSON: () => 'x' }), 'payload.toJSON', 'a toJSON method'],
    [
      'a property of an array beside its elements',
      Object.assign([1], { total: 1 }),
      'payload.total',
      'a property beside the elements of an array',
    ],
    [
      'a proxy that throws',
      new Proxy({}, { ownKeys: throwing.get, getPrototypeOf: throwing.get }),
      'payload',
      'an object that throws when it is read',
    ],
  ])('%s', (_, value, path, got) => {
    expect(jsonProblem(value)).toEqual({ path, got, allowed: expect.stringMatching(/JSON|plain data|whole characters/) });
  });

  it('more than 32 levels, and a cycle, which has no end', () => {
    const allowed = 'at most 32 levels of arrays and objects';
    expect(jsonProblem(nested(33))).toEqual({ path: `payload${'[0]'.repeat(32)}`, got: 'a deeper level (or a cycle)', allowed });
    expect(jsonProblem(cycle())).toMatchObject({ got: 'a deeper level (or a cycle)', allowed });
  });

  it('a path is short, however long the names in it are', () => {
    expect(jsonProblem({ ['x'.repeat(1_000_000)]: undefined })?.path.length).toBeLessThanOrEqual(200);
  });
});

describe('for any value', () => {
  it('never throws; what passes arrives as it was sent', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        if (jsonProblem(value) === undefined) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it('what JSON itself makes always passes, unless a number lost digits', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        if (!/\de\+|\d{16}|-0[,\]}]|^-0$/.test(text)) expect(jsonProblem(JSON.parse(text))).toBeUndefined();
      }),
    );
  });
});
