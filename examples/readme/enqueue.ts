import { PunctualClient } from 'punctual';
import { tasks } from './tasks.ts';

const queue = new PunctualClient({ tasks });

export const handler = async () =>
  queue.enqueue({
    name: 'send-invoice',
    payload: { invoice: 42 },
    dueAt: { local: '2026-12-24T09:00', timeZone: 'Europe/Paris' }, // or a Date, an RFC 3339 instant; or delay: '2h'
    deadlineAt: '2026-12-24T12:00:00Z',
    priority: 'high',
    idempotencyKey: 'invoice-42',
  });
