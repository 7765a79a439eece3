import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Hash } from '../../bench/scale/hash.ts';
import { efficiency, type LOADS, spread } from '../../bench/scale/loads.ts';
import { CLAIM_CALLS } from '../../bench/scale/planner.ts';
import { claimCalls } from '../../bench/scale/shipped.ts';
import { TABLES } from '../../bench/scale/tables.ts';
import { shardOf } from '../../core/lanes.ts';

/** Ids a shard: with fewer, chance alone would make one fuller. */
const TASKS = 4_000;
const SHARDS = [4, 64] as const;

/** Hashes that one might have written. */
const BAD: readonly [string, Hash][] = [
  ['of the first character, which is the app’s', (id, shards) => id.charCodeAt(0) % shards],
  ['of the last character, which cannot reach every shard evenly', (id, shards) => id.charCodeAt(id.length - 1) % shards],
  ['with four bits', (id, shards) => shardOf(id, 16) % shards],
  ['that leaves every second shard empty', (id, shards) => (2 * shardOf(id, shards)) % shards],
];

describe('shards', () => {
  it.each(SHARDS)('take the ids that the door makes evenly: %i of them', (shards) => {
    expect(spread(shards, TASKS)).toBeLessThanOrEqual(1.1);
  });

  it.each(['even', 'one among 100'] as const satisfies (keyof typeof LOADS)[])(
    'do as many times what one does, up to 64 of them: %s',
    (load) => {
      for (const shards of SHARDS) expect(efficiency(load, shards, TASKS), `${shards} shards`).toBeGreaterThanOrEqual(0.95);
    },
  );

  it('do so for a hundred apps of which one has a fifth of all', () => {
    for (const shards of SHARDS) expect(efficiency('skewed', shards, TASKS / 10), `${shards} shards`).toBeGreaterThanOrEqual(0.9);
  });

  it.each(BAD)('fall short with a hash %s', (_, hash) => {
    expect(spread(64, TASKS / 4, hash)).toBeGreaterThan(1.1);
    expect(efficiency('even', 64, TASKS / 4, hash)).toBeLessThan(0.95);
  });

  it('are claimed from with no more calls one after the other than is planned with: so does the shipped dispatcher on a virtual clock', async () => {
    expect(await claimCalls(400)).toBeLessThanOrEqual(CLAIM_CALLS);
  });
});

it('the page on scale has the tables as they are computed', () => {
  const page = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
  for (const table of TABLES) expect(page).toContain(table);
});
