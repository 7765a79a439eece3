import { describe, expect, it } from 'vitest';
import { type FailureRequest, putFailures } from '../../functions/bus.ts';
import { makeWorld, newId, START } from './world.ts';

const requests = (count: number): FailureRequest[] =>
  Array.from({ length: count }, (_, i) => ({ type: 'expire' as const, id: newId('billing'), claim: i + 1 }));

describe('the bus', () => {
  it('takes failures in calls of ten, as CloudEvents whose id tells one occasion from another', async () => {
    const world = await makeWorld();
    const { events, bus, faults } = world.process();
    const id = newId('billing');
    const error = { name: 'E', message: 'm' };
    const late: FailureRequest = { type: 'late', id, name: 'send-invoice', deadlineAt: START };
    const kinds: FailureRequest[] = [
      { type: 'fail', id, claim: 2, error },
      { type: 'refuse', id, claim: 2, error },
      { type: 'miss', id },
      { type: 'quarantine', id, reason: 'r' },
      late,
      { ...late, deadlineAt: START + 1 },
    ];
    await putFailures(events, bus, [...kinds, ...requests(16)], START);
    expect(faults.calls.map(({ input }) => input.Entries.length)).toEqual([10, 10, 2]);
    const details = faults.calls.flatMap(({ input }) => input.Entries.map(({ Detail }: { Detail: string }) => JSON.parse(Detail)));
    expect(new Set(details.map((detail) => detail.id)).size).toBe(22);
    expect(details[0]).toEqual({
      ...{ specversion: '1.0', id: `${id}/2/fail`, source: 'punctual', type: 'punctual.task.failed', subject: id },
      ...{ time: '2026-12-24T08:00:00.000Z', datacontenttype: 'application/json', data: kinds[0] },
    });
    expect(await world.failures()).toHaveLength(22);
    await putFailures(events, bus, [], START);
    expect(faults.calls).toHaveLength(3);
  });

  it('is given once more what it did not take, and that alone', async () => {
    const world = await makeWorld();
    const { events, bus, faults } = world.process();
    const refuse = (output: { Entries: object[] }) =>
      Object.assign(output, { FailedEntryCount: 1 }).Entries.splice(1, 1, { ErrorCode: 'ThrottlingException' });
    faults.inject('PutEvents', { answer: refuse });
    const all = requests(12);
    await putFailures(events, bus, all, START);
    expect(faults.calls.map(({ input }) => input.Entries.length)).toEqual([10, 2, 1]);
    expect(faults.calls[2]?.input.Entries[0]).toEqual(faults.calls[0]?.input.Entries[1]);
    faults.inject('PutEvents', { answer: (output) => output.Entries.splice(0, 1, { ErrorCode: 'InternalFailure' }) }, { times: 9 });
    await expect(putFailures(events, bus, all, START)).rejects.toThrow('refused 1 of 12 events: InternalFailure');
  });
});
