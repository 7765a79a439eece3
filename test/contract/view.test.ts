import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { notification } from '../../contract/notification.ts';
import { viewOf, wire } from '../../contract/view.ts';
import { EARLIEST_MS, LATEST_MS } from '../../core/when.ts';
import { claim, ERROR, enqueue, fail, given, HOUR, START } from '../core/given.ts';

describe('viewOf', () => {
  it('shows a waiting task: instants in RFC 3339, the payload as it was sent', () => {
    expect(viewOf(given(enqueue({ deadlineAt: START + HOUR })).task())).toEqual({
      id: 'billing/AAAAAAAAAAAAAAAAAAAAAA',
      app: 'billing',
      name: 'send-invoice',
      version: 1,
      payload: { invoice: 42 },
      state: 'scheduled',
      priority: 'medium',
      position: 'back',
      dueAt: '2026-12-24T08:00:00.000Z',
      deadlineAt: '2026-12-24T09:00:00.000Z',
      createdAt: '2026-12-24T08:00:00.000Z',
      claim: 0,
      attempt: 0,
      deliveries: 0,
      attempts: [],
      attemptsDropped: 0,
      timeline: [{ at: '2026-12-24T08:00:00.000Z', text: 'enqueued at priority medium' }],
      next: [
        { at: '2026-12-24T08:00:00.000Z', text: 'due' },
        { at: '2026-12-24T09:00:00.000Z', text: 'its deadline' },
      ],
    });
  });

  it('shows what the task was made as, where that is not as usual', () => {
    const words = { acknowledge: false, exclusive: true, expiresAfterDeadline: true, replayable: false };
    const made = viewOf(given(enqueue({ traits: ['unacknowledged', 'exclusive', 'expires', 'unreplayable'] })).task());
    expect(made).toMatchObject(words);
    const usual = viewOf(given(enqueue({ deadlineAt: START - 1, dueAt: START - 1 }), claim()).task());
    for (const word of Object.keys(words)) expect(usual).not.toHaveProperty(word);
    for (const [trait, word] of [
      ['unacknowledged', 'acknowledge'],
      ['exclusive', 'exclusive'],
      ['expires', 'expiresAfterDeadline'],
      ['unreplayable', 'replayable'],
    ] as const) {
      const view = viewOf(given(enqueue({ traits: [trait] })).task());
      expect(Object.keys(words).filter((other) => other in view)).toEqual([word]);
    }
  });

  it('shows which recurring error its last failure was', () => {
    expect(viewOf(given(enqueue(), claim(), fail({ fingerprint: 'f' })).task())).toMatchObject({ fingerprint: 'f' });
    expect(viewOf(given(enqueue(), claim(), fail()).task())).not.toHaveProperty('fingerprint');
  });

  it('shows a lease’s end, and neither its holder nor what the system keeps for itself', () => {
    const view = viewOf(given(enqueue(), claim({ leaseUntil: START + HOUR })).task());
    expect(view).toMatchObject({ state: 'leased', claim: 1, leaseUntil: '2026-12-24T09:00:00.000Z' });
    for (const hidden of [
      'rev',
      'request',
      'arrival',
      'claimedBy',
      'claimedLevel',
      'expiresAtSeconds',
      'traits',
      'holder',
      'moves',
      'listed',
    ])
      expect(view).not.toHaveProperty(hidden);
  });

  it('shows how a task died', () => {
    expect(viewOf(given(enqueue({ maxAttempts: 1 }), claim(), HOUR, fail()).task())).toMatchObject({
      state: 'dead',
      deathReason: 'attempts exhausted',
      endedAt: '2026-12-24T09:00:00.000Z',
      attempts: [
        {
          claim: 1,
          claimedAt: '2026-12-24T08:00:00.000Z',
          endedAt: '2026-12-24T09:00:00.000Z',
          outcome: 'failed',
          error: ERROR,
          worker: 'worker-1',
        },
      ],
    });
  });
});

describe('a notification', () => {
  const body = {
    v: 1,
    id: 'billing/AAAAAAAAAAAAAAAAAAAAAA',
    app: 'billing',
    name: 'send-invoice',
    version: 1,
    claim: 1,
    attempt: 0,
    priority: 'high',
    dueAt: wire(START),
    leaseUntil: wire(LATEST_MS),
    payload: null,
  };

  it('is read, with fields that a later release may add', () => {
    expect(v.parse(notification, { ...body, colour: 'red' })).toEqual(body);
    expect(v.is(notification, { ...body, deadlineAt: wire(EARLIEST_MS) })).toBe(true);
    expect(v.parse(notification, { ...body, acknowledge: false, exclusive: true })).toMatchObject({ acknowledge: false, exclusive: true });
  });

  it.each(Object.keys(body))('is none without %s', (field) => {
    expect(v.is(notification, { ...body, [field]: undefined })).toBe(field === 'payload');
  });

  it.each<[string, unknown]>([
    ['v', 2],
    ['id', 'billing/slot/0'],
    ['claim', 0],
    ['claim', 2 ** 53],
    ['attempt', -1],
    ['attempt', 0.5],
    ['dueAt', '2026-12-24'],
    ['dueAt', START],
    ['priority', 'urgent'],
    ['acknowledge', true],
    ['exclusive', false],
  ])('is none with %s %j', (field, value) => {
    expect(v.is(notification, { ...body, [field]: value })).toBe(false);
  });
});
