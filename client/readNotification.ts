import { type Notification, notification } from '../contract/notification.ts';
import { parseRequest } from '../contract/parse.ts';

/** What an SQS message told: a notification, or the name of the part that cannot be read (never its content). */
export type Read = { readonly ok: true; readonly told: Notification } | { readonly ok: false; readonly field: string };

/** Reads the body of an SQS message, delivered raw or in the envelope of SNS. */
export function readNotification(body: string): Read {
  const outer = jsonOf(body);
  const { Type, Message } = (outer ?? {}) as { Type?: unknown; Message?: unknown };
  const inner = Type === 'Notification' && typeof Message === 'string' ? jsonOf(Message) : outer;
  if (inner === undefined) return { ok: false, field: 'body' };
  const parsed = parseRequest(notification, inner);
  return parsed.ok ? { ok: true, told: parsed.value } : { ok: false, field: parsed.error.field || 'body' };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
