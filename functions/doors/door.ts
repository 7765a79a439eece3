import type * as v from 'valibot';
import type { Answer } from '../../contract/answer.ts';
import { type DoorError, doorError } from '../../contract/errors.ts';
import { parseRequest } from '../../contract/parse.ts';
import { log, reasonOf } from '../log.ts';
import { UnreadableRow } from '../rows.ts';
import { Contended } from '../store.ts';

/** A refusal on its way out of a door. */
export class Refused extends Error {
  override name = 'Refused';
  readonly error: DoorError;
  constructor(error: DoorError) {
    super(error.message);
    this.error = error;
  }
}

/** A door: reads the request, has it carried out, and always answers in the contract's form. Never throws. */
export const door =
  <S extends v.GenericSchema>(schema: S, actions: readonly string[], carryOut: (request: v.InferOutput<S>) => Promise<object>) =>
  async (event: unknown): Promise<Answer> => {
    const parsed = parseRequest(schema, event, '', actions);
    if (!parsed.ok) return { v: 1, ok: false, error: parsed.error };
    try {
      return { v: 1, ok: true, ...(await carryOut(parsed.value)) };
    } catch (error) {
      return { v: 1, ok: false, error: errorOf(error) };
    }
  };

/** What a door says of a caught error. */
export function errorOf(error: unknown): DoorError {
  if (error instanceof Refused) return error.error;
  if (error instanceof UnreadableRow) return unreadable(error.id);
  if (!(error instanceof Contended)) log('ERROR', 'a request could not be carried out', { reason: reasonOf(error) });
  return doorError('Unavailable', 'The request could not be carried out now. Nothing is half done: send it again.');
}

/** To ask again would not help: somebody must look at the row. */
const unreadable = (id: string): DoorError =>
  doorError(
    'WrongState',
    'The row of this task cannot be read: it was changed by hand, or is of a release too far away. It is set aside as dead and holds nothing up. See it in the table under its id.',
    { field: 'id', got: id, allowed: 'a task whose row can be read' },
  );
