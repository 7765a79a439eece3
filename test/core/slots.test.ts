import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capacityOf,
  claimTag,
  type EntryFate,
  entriesOf,
  entriesText,
  fateOf,
  roomIn,
  SLOT_SIZE,
  type SlotEntry,
  slotCount,
} from '../../core/slots.ts';
import type { State } from '../../core/task.ts';

const entryAt = (rev: number): SlotEntry => ({ id: 'billing/AAAAAAAAAAAAAAAAAAAAAA', rev, leaseUntil: 0, published: false });

describe('capacity', () => {
  it('of all slots sums to maxInFlight, each within what one slot can hold', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (maxInFlight) => {
        const capacities = Array.from({ length: slotCount(maxInFlight) }, (_, index) => capacityOf(index, maxInFlight));
        expect(capacities.reduce((sum, capacity) => sum + capacity, 0)).toBe(maxInFlight);
        expect(Math.min(...capacities)).toBeGreaterThan(0);
        expect(Math.max(...capacities)).toBeLessThanOrEqual(SLOT_SIZE);
      }),
    );
  });

  it('a slot beyond the limit holds nothing, and an overfull one (the limit was lowered) has no room', () => {
    expect(capacityOf(slotCount(60), 60)).toBe(0);
    const slot = { index: 2, rev: 1, entries: Array.from({ length: 12 }, () => entryAt(1)) };
    expect([75, 63, 62, 60, 10].map((maxInFlight) => roomIn(slot, maxInFlight))).toEqual([13, 1, 0, 0, 0]);
  });
});

describe('claimTag', () => {
  it('stands on rows that another release reads: it is frozen', () => expect(claimTag(3, 7, 'nonce')).toBe('3.7.nonce'));

  it('is of another slot or revision only if one of them differs, and no tag begins with another’s', () => {
    const numbers = fc.integer({ min: 0, max: 12 });
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, (slot, rev, otherSlot, otherRev) => {
        const same = slot === otherSlot && rev === otherRev;
        expect(claimTag(slot, rev, 'nonce').startsWith(claimTag(otherSlot, otherRev, ''))).toBe(same);
      }),
    );
  });
});

describe('fateOf an entry nominated at revision 5 in slot 1', () => {
  const MINE = claimTag(1, 5, 'nonce');
  const OTHER_SLOT = claimTag(2, 5, 'nonce');
  const LONGER_SLOT = claimTag(11, 5, 'nonce');
  const OTHER_REV = claimTag(1, 7, 'nonce');
  const LONGER_REV = claimTag(1, 55, 'nonce');
  const EARLIER = claimTag(1, 3, 'nonce');

  it.each<[State, number, string | undefined, EntryFate, string]>([
    ['scheduled', 5, undefined, 'unclaimed', 'as it was nominated: a claim may be under way'],
    ['scheduled', 4, undefined, 'unclaimed', 'the read is older than the nomination'],
    ['leased', 4, EARLIER, 'unclaimed', 'the read is older than the nomination: it says nothing of it'],
    ['leased', 6, MINE, 'out', 'claimed under this entry'],
    ['leased', 9, MINE, 'out', 'claimed under this entry, then extended'],
    ['leased', 6, OTHER_SLOT, 'free', 'another slot has it'],
    ['leased', 6, LONGER_SLOT, 'free', 'another slot has it, whose number begins alike'],
    ['leased', 8, OTHER_REV, 'free', 'claimed again later, under another entry of this slot'],
    ['leased', 56, LONGER_REV, 'free', 'claimed again later, at a revision that begins alike'],
    ['leased', 6, undefined, 'free', 'a claim without a tag is not ours'],
    ['scheduled', 6, undefined, 'free', 'rescheduled, or ended and waiting for its retry'],
    ['scheduled', 7, MINE, 'free', 'what waits is out under nobody, whatever its row bears'],
    ['completed', 7, undefined, 'free', 'ended'],
    ['cancelled', 6, undefined, 'free', 'ended'],
    ['dead', 7, undefined, 'free', 'ended'],
    ['completed', 6, MINE, 'out', 'unacknowledged: completed by the claim, and SNS has not accepted it'],
    ['completed', 6, OTHER_SLOT, 'free', 'unacknowledged, and another slot answers for it'],
  ])('row %s at rev %i under %s → %s: %s', (state, rev, claimedBy, fate) => {
    const row = { state, rev, ...(claimedBy === undefined ? {} : { claimedBy }) };
    expect(fateOf(entryAt(5), 1, row)).toBe(fate);
  });

  it('of an unacknowledged task that SNS has accepted → free, of a leased one that it has accepted → out', () => {
    const published = { ...entryAt(5), published: true };
    expect(fateOf(published, 1, { state: 'completed', rev: 6, claimedBy: MINE })).toBe('free');
    expect(fateOf(published, 1, { state: 'leased', rev: 6, claimedBy: MINE })).toBe('out');
  });

  it('no row → free: terminal and past its retention', () => expect(fateOf(entryAt(5), 1, undefined)).toBe('free'));
});

describe('entries as their row holds them', () => {
  const id = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/).map((hash) => `billing/${hash}`);
  const entries = fc.array(
    fc.record({
      id,
      rev: fc.integer({ min: 1, max: 99_999 }),
      leaseUntil: fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
      published: fc.boolean(),
    }),
    { maxLength: SLOT_SIZE },
  );

  it('come back as they were written', () => {
    fc.assert(
      fc.property(entries, (written) => {
        expect(entriesOf('billing', entriesText(written))).toEqual(written);
      }),
    );
  });

  it('a full slot, of tasks written up to a thousand times, leaves 120 bytes of its 1 KB for the rest of its row', () => {
    const fullest = { id: `billing/${'A'.repeat(22)}`, rev: 1_000, leaseUntil: Date.UTC(2050, 0, 1), published: true };
    expect(entriesText(new Array(SLOT_SIZE).fill(fullest)).length).toBeLessThanOrEqual(1_024 - 120);
  });

  it('the text is frozen: another release reads it', () => {
    const [entry, published] = [entryAt(35), { ...entryAt(36), leaseUntil: 36, published: true }];
    expect(entriesText([entry, published])).toBe('AAAAAAAAAAAAAAAAAAAAAA.z.0 AAAAAAAAAAAAAAAAAAAAAA.10.10!');
    expect(entriesText([])).toBe('');
  });

  it('what cannot be read is left out, and hides nothing beside it', () => {
    expect(entriesOf('billing', '')).toEqual([]);
    expect(entriesOf('billing', ' x AAAAAAAAAAAAAAAAAAAAAA.z.0 #.1.1 #B.1.1 ')).toEqual([entryAt(35)]);
  });
});
