import { gzipSync } from 'node:zlib';
import { type Bench, type Figure, figure } from '../figure.ts';
import { bundleOf, FUNCTIONS } from './bundles.ts';
import { importRatio } from './import-time.ts';

const KB = 1_000;

/** Figure 14: what a Lambda loads before it can begin. */
export const bench: Bench = {
  name: 'bundles',
  about: "each Lambda's bundle as it is deployed, and how long a fresh Node takes to load it, bundled and not",
  isQuick: true,
  async run(progress) {
    const figures: Figure[] = [];
    for (const name of FUNCTIONS) {
      progress(name);
      const bundle = bundleOf(name);
      figures.push(
        figure(14, `${name}, minified`, bundle.length / KB, 'KB', { atMost: 380 }),
        figure(14, `${name}, gzip`, gzipSync(bundle, { level: 9 }).length / KB, 'KB', { atMost: 115 }),
        figure(14, `${name}, import time ÷ unbundled`, importRatio(name, bundle), '×', { atMost: 0.7 }),
      );
    }
    return {
      figures,
      notes: ['KB are 1,000 bytes. Import times: median of 9 interleaved rounds, each in a process of its own, CommonJS both.'],
    };
  },
};
