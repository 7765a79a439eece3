import { hash } from 'node:crypto';
import { errorIdentity } from '../core/errors.ts';
import type { TaskError } from '../core/task.ts';

/** Characters of base64url that a hash is cut to: 132 bits. */
const HASH_CHARACTERS = 22;

const digest = (text: string): string => hash('sha256', text, 'base64url').slice(0, HASH_CHARACTERS);

/** The id of the task that an app enqueues under a key. */
export const taskIdOf = (app: string, idempotencyKey: string): string => `${app}/${digest(idempotencyKey)}`;

/** The app whose task an id is; empty where the id names none. */
export const appOf = (id: string): string => id.slice(0, Math.max(0, id.indexOf('/')));

/** Tells one request from another, whatever the order of its fields. */
export const requestDigest = (request: unknown): string => digest(canonical(request));

/** Which recurring error a failure is. Never begins with a dash: in a command it would be taken for an option. */
export const fingerprintOf = (app: string, name: string, error: TaskError): string =>
  digest(canonical(errorIdentity(app, name, error))).replace(/^-/, '_');

/** Characters of an occurrence's key: 72 bits tell apart what is remembered of one error. */
const OCCURRENCE_CHARACTERS = 12;

/** Tells one failure of a task from another: by its claim, or by its instant where there was no claim. */
export const occurrenceOf = (id: string, claimOrInstant: number): string =>
  digest(canonical([id, claimOrInstant])).slice(0, OCCURRENCE_CHARACTERS);

/** JSON with the keys of objects in order; absent fields are left out. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  let fields = '';
  for (const key of Object.keys(value).sort()) {
    const part = (value as Record<string, unknown>)[key];
    if (part !== undefined) fields += `${fields && ','}${JSON.stringify(key)}:${canonical(part)}`;
  }
  return `{${fields}}`;
}
