import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../../client/errors.ts';
import * as client from '../../client/index.ts';
import { doorError, ERROR_CODES, type ErrorCode } from '../../contract/errors.ts';

const KINDS: Record<ErrorCode, new (message: string) => client.PunctualError> = {
  BadRequest: client.BadRequestError,
  PayloadTooLarge: client.PayloadTooLargeError,
  NotFound: client.NotFoundError,
  IdempotencyConflict: client.IdempotencyConflictError,
  LeaseLost: client.LeaseLostError,
  Held: client.HeldError,
  WrongState: client.WrongStateError,
  Unavailable: client.UnavailableError,
};

describe('a refusal of a door', () => {
  it.each(ERROR_CODES)('%s is an error of its kind, with its parts', (code) => {
    const error = errorOf(doorError(code, 'what to do', { field: 'dueAt', got: '"x"', allowed: 'a date' }));
    expect(error).toBeInstanceOf(KINDS[code]);
    expect(error).toBeInstanceOf(client.PunctualError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(`${code}Error`);
    expect(error).toMatchObject({ code, message: 'what to do', field: 'dueAt', got: '"x"', allowed: 'a date' });
    expect(error.retryable).toBe(code === 'Unavailable');
  });

  it('of a code that is not known is unavailable, and says to update', () => {
    const error = errorOf({ code: 'Tired' as ErrorCode, message: 'later', retryable: true });
    expect(error).toMatchObject({ code: 'Unavailable', retryable: false, message: expect.stringContaining('Update the client') });
  });

  it('has only the parts that were given', () => {
    const error = errorOf(doorError('NotFound', 'no such task'));
    expect(Object.keys(error).sort()).toEqual(['code', 'retryable']);
    expect(inspect(error)).toContain('NotFoundError: no such task');
  });
});
