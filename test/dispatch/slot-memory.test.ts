import { describe, expect, it } from 'vitest';
import type { SlotEntry } from '../../core/slots.ts';
import { SlotMemory } from '../../functions/dispatch/slot-memory.ts';

const entryOf = (id: string, rev: number): SlotEntry => ({ id, rev, leaseUntil: 1_000, published: false });
const memoryOf = (...entries: readonly SlotEntry[]): SlotMemory => {
  const memory = new SlotMemory(0);
  memory.seen({ index: 0, rev: 1, entries });
  return memory;
};

describe("a slot in a run's memory", () => {
  it('knows of each entry what was learned, over whatever a later reading shows', () => {
    const [a, b, c] = [entryOf('billing/a', 1), entryOf('billing/b', 1), entryOf('billing/c', 1)];
    const memory = memoryOf(a, b, c);
    memory.learn(a, { published: true });
    memory.learn(a, { leaseUntil: 2_000 });
    memory.learn(b, { freed: true });
    memory.seen({ index: 0, rev: 2, entries: [a, b, c] });
    expect(memory.slot).toEqual({ index: 0, rev: 2, entries: [{ ...a, published: true, leaseUntil: 2_000 }, c] });
    expect(memory.isNews).toBe(true);
  });

  it('takes what is learned of a task at another revision for nothing: what comes late hides nothing, what comes first is not of the next', () => {
    const [old, now] = [entryOf('billing/a', 1), entryOf('billing/a', 3)];
    const memory = memoryOf(old);
    memory.learn(old, { freed: true });
    memory.seen({ index: 0, rev: 2, entries: [now] });
    expect(memory.slot.entries).toEqual([now]);
    memory.learn(now, { published: true });
    memory.learn(old, { freed: true });
    expect(memory.slot.entries).toEqual([{ ...now, published: true }]);
  });

  it('learns of the later revision, whatever came late of the one before it', () => {
    const [old, now] = [entryOf('billing/a', 1), entryOf('billing/a', 3)];
    const memory = memoryOf(now);
    memory.learn(old, { freed: true });
    expect(memory.slot.entries).toEqual([now]);
    memory.learn(now, { published: true });
    expect(memory.slot.entries).toEqual([{ ...now, published: true }]);
  });
});
