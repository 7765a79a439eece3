// What the three records say, each written by who saw it: enqueuers, workers, and the table itself.
import * as v from 'valibot';
import { defineTasks, type TaskInput } from '../../client/index.ts';

/** What a worker is to do with a task. The key says which task it is, in the row and in the journals alike. */
const Work = v.object({
  key: v.string(),
  do: v.picklist(['finish', 'fail once', 'fail', 'snooze once']),
  ms: v.number(),
});
export type Work = v.InferOutput<typeof Work>;

/** `hint` needs no acknowledgement, `single` is exclusive. */
export const tasks = defineTasks({ work: Work, hint: Work, single: Work });
/** Instants are RFC 3339 texts here, so that a request repeated from the journal is the same. */
export type Request = TaskInput<(typeof tasks)['schemas']> & { readonly payload: Work; readonly dueAt?: string };

export const CHANGES = ['cancel', 'reschedule', 'reprioritize'] as const;
export type Change = (typeof CHANGES)[number];

/** A line of an enqueuer, before its call and after the answer. `call` is its own count. */
export type EnqueuerLine =
  | { readonly at: number; readonly call: number; readonly asked: readonly Request[] }
  | { readonly at: number; readonly call: number; readonly answered: readonly Answer[] }
  | { readonly at: number; readonly call: number; readonly change: Change; readonly key: string; readonly dueAt?: string }
  | { readonly at: number; readonly call: number; readonly changed: boolean; readonly key: string };

/** Of one task of a call: its id; or why there is none, and whether that is the last word. */
export type Answer =
  | { readonly key: string; readonly id: string }
  | { readonly key: string; readonly refusal: string; readonly isFinal: boolean };

/** A line of a worker, as a handler begins and as it ends, before its report. */
export type WorkerLine =
  | { readonly at: number; readonly id: string; readonly claim: number; readonly begun: Told }
  | { readonly at: number; readonly id: string; readonly claim: number; readonly ended: 'done' | 'failed' | 'snoozed' };

/** What the notification said. */
export interface Told {
  readonly key: string;
  readonly dueAt: number;
  readonly pid: number;
}

/** A completion that the report door has accepted, as the network saw it. */
export interface Accepted {
  readonly id: string;
  readonly claim: number;
}

/** A task's row, as far as it is judged. */
export interface TaskRow {
  readonly id: string;
  readonly payload: string;
  readonly state: string;
  readonly claim: number;
  readonly endedAt?: number;
  readonly deadlineAt?: number;
  readonly deathReason?: string;
  readonly traits?: readonly string[];
  readonly attempts: readonly { readonly claim: number; readonly outcome: string }[];
}
