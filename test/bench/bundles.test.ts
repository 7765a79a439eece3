import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bundleOf, FUNCTIONS } from '../../bench/bundles/bundles.ts';

describe('what a Lambda loads before it can begin', () => {
  test.each(FUNCTIONS)('the bundle of %s keeps its budget', (name) => {
    const bundle = bundleOf(name);
    expect(bundle.length).toBeLessThanOrEqual(380_000);
    expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(115_000);
  });
});
