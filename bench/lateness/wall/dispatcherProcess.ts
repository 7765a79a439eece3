// The dispatcher's function in a process of its own, called at once and then once a minute as its rule calls it, until its
// input ends. Where its table and the rest of AWS are, its environment says.
import { handler } from '../../../functions/dispatcher.ts';

const MINUTE_MS = 60_000;
/** As `infra/dispatcher.ts`. */
const TIMEOUT_MS = 120_000;

const tick = () => {
  const endAt = Date.now() + TIMEOUT_MS;
  void handler({}, { getRemainingTimeInMillis: () => endAt - Date.now() });
};
// What it logs is of no concern to whoever measures.
console.log = () => {};
setInterval(tick, MINUTE_MS);
tick();
process.stdin.on('end', () => process.exit()).resume();
