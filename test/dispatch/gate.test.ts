import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantAt, grantsBetween, NO_VALVES, type Rate, type Valves } from '../../core/valves.ts';
import { Gate } from '../../functions/dispatch/gate.ts';

const START = Date.UTC(2026, 11, 24, 8);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const OPEN = Number.NEGATIVE_INFINITY;
const SHUT = Number.POSITIVE_INFINITY;

const mail = { name: 'mail' };
const invoice = { name: 'invoice' };

const gateOf = (valves: Valves, usedUntil = START): Gate => {
  const gate = new Gate();
  gate.begin(usedUntil);
  gate.set(valves);
  return gate;
};
const rate = (perMinute: number, since = START): Rate => ({ perMinute, since });

/** Lets go what may go at `now`, of as many tasks as there could be. */
function drain(gate: Gate, now: number, tasks: readonly { name: string }[] = new Array(200).fill(mail)) {
  const chosen = gate.through(tasks, tasks.length, now);
  gate.use(chosen, now);
  return chosen;
}

describe('a gate', () => {
  it('with nothing set is open for all, in their order, up to a limit', () => {
    const gate = gateOf(NO_VALVES);
    expect([gate.opensAt(START), gate.opensAt(START, 'mail')]).toEqual([OPEN, OPEN]);
    expect(gate.through([mail, invoice, mail], 2, START)).toEqual([mail, invoice]);
  });

  it('of a paused app is shut for every name', () => {
    const gate = gateOf({ app: 'paused', names: {} });
    expect([gate.opensAt(START), gate.opensAt(START, 'mail')]).toEqual([SHUT, SHUT]);
    expect(gate.through([mail], 9, START)).toEqual([]);
  });

  it('of a paused name is shut for that name alone', () => {
    const gate = gateOf({ names: { mail: 'paused' } });
    expect([gate.opensAt(START), gate.opensAt(START, 'mail'), gate.opensAt(START, 'invoice')]).toEqual([OPEN, SHUT, OPEN]);
    expect(gate.through([mail, invoice, mail], 9, START)).toEqual([invoice]);
  });

  it('is not shut by names that every object has', () => {
    expect(gateOf({ names: { mail: 'paused' } }).opensAt(START, 'constructor')).toBe(OPEN);
  });
});

describe('a rate', () => {
  it('of 60 a minute lets one go at each of its seconds, and says when the next is', () => {
    const gate = gateOf({ app: rate(60), names: {} });
    expect(gate.opensAt(START, 'mail')).toBe(START + SECOND);
    expect(drain(gate, START + SECOND - 1)).toEqual([]);
    expect(drain(gate, START + SECOND)).toEqual([mail]);
    expect(gate.opensAt(START + SECOND, 'mail')).toBe(START + 2 * SECOND);
    expect(gate.opensAt(START + SECOND)).toBe(START + 2 * SECOND);
    expect(drain(gate, START + 2 * SECOND)).toHaveLength(1);
  });

  it.each([
    [1, 1],
    [29, 1],
    [60, 2],
    [600, 20],
    [45, 2],
  ])('of %i a minute lets at most %i go at once, however long nothing went', (perMinute, burst) => {
    expect(drain(gateOf({ app: rate(perMinute), names: {} }), START + 60 * MINUTE)).toHaveLength(burst);
  });

  it('of a name holds that name back and no other; both its own and the app’s hold', () => {
    const gate = gateOf({ app: rate(120), names: { mail: rate(1) } });
    const chosen = drain(gate, START + MINUTE, [mail, mail, invoice, mail, invoice, invoice, invoice, invoice]);
    expect(chosen).toEqual([mail, invoice, invoice, invoice]);
    expect(gate.opensAt(START + MINUTE, 'mail')).toBe(START + 2 * MINUTE);
    expect(gate.opensAt(START + MINUTE, 'invoice')).toBe(START + MINUTE + SECOND / 2);
  });

  // Runs of a minute, each ending at the next; the grants come as their ticks do, or in their midst.
  it.each([
    [0, [1, 2, 3, 4].map((minute) => minute * MINUTE + 2_500)],
    [30 * SECOND, [0, 1, 2, 3, 4].map((minute) => minute * MINUTE + 32_500)],
  ])('goes on in the next run where the one before left off: nothing twice, nothing lost; phase %i', (phase, expected) => {
    let usedUntil = START;
    const gone: number[] = [];
    for (let tick = 0; tick < 5; tick++) {
      const gate = gateOf({ app: rate(1, START - MINUTE + phase), names: {} }, usedUntil);
      for (let second = 0; second < 60; second += 5) {
        const now = START + tick * MINUTE + 2_500 + second * SECOND;
        for (const _ of drain(gate, now)) gone.push(now - START);
      }
      usedUntil = gate.usedUntil;
    }
    expect(gone).toEqual(expected);
    expect(usedUntil).toBe(START + (gone.at(-1) ?? 0));
  });

  it('that is set anew begins anew, from its own instant', () => {
    const gate = gateOf({ app: rate(60), names: {} });
    gate.opensAt(START + 10 * SECOND);
    gate.set({ app: rate(60, START + 10 * SECOND), names: {} });
    expect(drain(gate, START + 10 * SECOND)).toEqual([]);
    expect(gate.opensAt(START + 10 * SECOND)).toBe(START + 11 * SECOND);
  });

  it('lets nothing go twice where the clock steps back', () => {
    const gate = gateOf({ app: rate(60), names: {} });
    expect(drain(gate, START + 2 * SECOND)).toHaveLength(2);
    expect(drain(gate, START)).toEqual([]);
    expect(drain(gate, START + 2 * SECOND)).toEqual([]);
    expect(drain(gate, START + 3 * SECOND)).toHaveLength(1);
  });

  it('never lets more go than its grants, and all of them to one who asks when it opens: whatever the rate and the phase', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.nat(MINUTE), steps, (perMinute, phase, waits) => {
        const one = rate(perMinute, START - phase);
        const asked = gateOf({ app: one, names: {} });
        let now = START;
        let gone = 0;
        for (const wait of waits) {
          now += wait;
          gone += drain(asked, now).length;
          expect(gone).toBeLessThanOrEqual(grantsBetween(one, START, now));
        }
        const prompt = gateOf({ app: one, names: {} });
        for (let n = 0, at = START; n < 20; n++) {
          at = prompt.opensAt(at);
          expect(drain(prompt, at).length).toBeGreaterThanOrEqual(1);
          expect(at).toBeGreaterThanOrEqual(grantAt(one, grantsBetween(one, one.since, START) + 1 + n));
        }
      }),
      { numRuns: 100 },
    );
  });
});
