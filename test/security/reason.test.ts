import { expect, it } from 'vitest';
import { reasonOf } from '../../functions/log.ts';

const caught = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

it('what is logged of a caught error never repeats what a parser read', () => {
  const error = caught(() => JSON.parse('PIN 4111'));
  expect(String(error)).toContain('4111');
  expect(reasonOf(error)).toBe('SyntaxError');
});

it('what is logged of any other error is its name and its message, of a bounded length', () => {
  expect(reasonOf(new TypeError('it is no function'))).toBe('TypeError: it is no function');
  expect(reasonOf(new Error('x'.repeat(10_000))).length).toBeLessThan(400);
});
