import type { DoorError } from '../../contract/errors.ts';
import { OPERATE_ACTIONS, operateRequest } from '../../contract/operate.ts';
import { parseRequest } from '../../contract/parse.ts';
import { REPORT_ACTIONS, reportRequest } from '../../contract/report.ts';
import { SUBMIT_ACTIONS, submitRequest } from '../../contract/submit.ts';

export const ID = 'billing/AAAAAAAAAAAAAAAAAAAAAA';
export const TASK = { name: 'send-invoice', idempotencyKey: 'invoice-42' };
export const ENQUEUE = { v: 1, action: 'enqueue', ...TASK };
export const RESCHEDULE = { v: 1, action: 'reschedule', id: ID };
export const report = (action: string, rest: object = {}) => ({ v: 1, action, id: ID, claim: 1, ...rest });
export const FAIL = report('fail', { error: { name: 'E', message: 'm' } });

/** What each door says of a request. */
export const submit = (input: unknown) => parseRequest(submitRequest, input, '', SUBMIT_ACTIONS);
export const reported = (input: unknown) => parseRequest(reportRequest, input, '', REPORT_ACTIONS);
export const operated = (input: unknown) => parseRequest(operateRequest, input, '', OPERATE_ACTIONS);

export const errorOf = (parsed: { ok: true } | { ok: false; error: DoorError }): DoorError => {
  if (parsed.ok) throw new Error('It was taken, and should have been refused.');
  return parsed.error;
};

export const WHEN = 'an instant in RFC 3339 with its offset, or { local, timeZone, disambiguation? }';
export const NAME = 'a task name: letters, digits and . _ : -, 128 characters at most';
export const KEY = 'a text of 1 to 512 characters without control characters or lone surrogates';
export const TASK_ID = 'a task id as enqueue answered it, such as billing/3q2-7wAbCdEfGhIjKlMnOp';
export const DELAY = 'a whole number from 0 to 3155760000000';

/** One line of a corpus: what it is, the request, the field at fault, what was found there, and what is allowed. */
export type Bad = [string, unknown, string, string, string];
