// One invocation of a bundled function as Lambda makes it, in a process of its own: `node lambda.mjs BUNDLE REMAINING_MS`.
// Plain JavaScript: what compiles TypeScript would be on the scales. Answers what the process took, all of it.
import { createRequire } from 'node:module';

const [, , bundle, remainingMs] = process.argv;
const endAt = Date.now() + Number(remainingMs);
const { handler } = createRequire(import.meta.url)(bundle);
await handler({}, { getRemainingTimeInMillis: () => endAt - Date.now() });
globalThis.gc();
const { heapUsed } = process.memoryUsage();
process.send({ peakRss: process.resourceUsage().maxRSS * 1_024, heapUsed });
process.disconnect();
