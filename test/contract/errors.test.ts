import { describe, expect, it } from 'vitest';
import { badField, doorError, ERROR_CODES, shown } from '../../contract/errors.ts';

describe('doorError', () => {
  it('the codes are frozen; only Unavailable is worth asking again', () => {
    expect(ERROR_CODES.map((code) => [code, doorError(code, 'x').retryable])).toEqual([
      ['BadRequest', false],
      ['PayloadTooLarge', false],
      ['NotFound', false],
      ['IdempotencyConflict', false],
      ['LeaseLost', false],
      ['Held', false],
      ['WrongState', false],
      ['Unavailable', true],
    ]);
  });
});

describe('badField', () => {
  it('names the field, the value found and what is allowed', () => {
    expect(badField('tasks[3].priority', 'urgent', 'high, medium or low')).toEqual({
      code: 'BadRequest',
      message: 'tasks[3].priority must be high, medium or low; got "urgent".',
      field: 'tasks[3].priority',
      got: '"urgent"',
      allowed: 'high, medium or low',
      retryable: false,
    });
  });

  it('the whole request has no name', () => {
    expect(badField('', null, 'an object').message).toBe('The request must be an object; got null.');
  });
});

describe('a value as an error shows it', () => {
  it.each<[unknown, string]>([
    [undefined, 'nothing'],
    [null, 'null'],
    [true, 'true'],
    [5, '5'],
    [-0, '-0'],
    [0, '0'],
    [Number.NaN, 'NaN'],
    [5n, '5n'],
    [Symbol('s'), 'Symbol(s)'],
    ['', '""'],
    ['a\nb\u0000\ud800', '"a\\nb\\u0000\\ud800"'],
    [{ card: 'secret' }, 'an object'],
    [new Map([['secret', 1]]), 'an object'],
    [['secret', 'secret'], 'an array of 2'],
    [() => 'secret', 'a function'],
  ])('case %#: %o', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it('is cut to 200 characters, never within one', () => {
    expect(shown('x'.repeat(198))).toHaveLength(200);
    const cut = shown('x'.repeat(10_000_000));
    expect([cut.length, cut.at(-1)]).toEqual([200, '…']);
    expect(shown(`${'x'.repeat(197)}😀😀`)).toMatch(/^"x{197}…$/);
  });
});
