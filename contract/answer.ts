import type { DoorError } from './errors.ts';

/** What a door answers: `v: 1, ok: true` with what was asked for, or `ok: false` with the error. Doors never throw. */
export type Answer<T extends object = object> =
  | ({ readonly v: 1; readonly ok: true } & T)
  | { readonly v: 1; readonly ok: false; readonly error: DoorError };

/** One result of a batch, in the order asked. */
export type Result<T extends object> = ({ readonly ok: true } & T) | { readonly ok: false; readonly error: DoorError };
