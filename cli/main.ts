import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from './failure.ts';
import { parameters } from './parameters.ts';
import { run } from './run.ts';
import type { Shell } from './Shell.ts';

/** After Ctrl-C, a call that is under way has so long to end, so that what was done can be told. */
const GRACE_MS = 3_000;

const stop = new AbortController();
let isPipeClosed = false;

const shell: Shell = {
  env: process.env,
  isTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  out: (words) => {
    if (!isPipeClosed) process.stdout.write(words);
  },
  err: (words) => {
    process.stderr.write(words);
  },
  input: () => text(process.stdin),
  ask,
  now: () => Date.now(),
  sleep: (ms) => sleep(ms, undefined, { signal: stop.signal }).catch(() => {}),
  signal: stop.signal,
  parameters,
};

/** Anything but yes is no, the end of the input and Ctrl-C too. */
function ask(question: string): Promise<boolean> {
  // Not as a terminal: Ctrl-C stays a signal.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  return new Promise((answer) => {
    let isAnswered = false;
    lines.once('close', () => {
      if (!isAnswered) process.stderr.write('\n');
      answer(false);
    });
    stop.signal.addEventListener('abort', () => lines.close());
    lines.question(question, (given) => {
      isAnswered = true;
      answer(/^y(es)?$/i.test(given.trim()));
      lines.close();
    });
  });
}

// `| head` has read enough: that is no failure.
process.stdout.on('error', () => {
  isPipeClosed = true;
  stop.abort();
});
process.stderr.on('error', () => {});

function interrupt(exit: number): void {
  if (stop.signal.aborted) process.exit(exit);
  stop.abort();
  setTimeout(() => process.exit(exit), GRACE_MS).unref();
}
process.on('SIGINT', () => interrupt(EXIT.interrupted));
process.on('SIGTERM', () => interrupt(143));

const exit = await run(process.argv.slice(2), shell);
const isCut = isPipeClosed && exit === EXIT.interrupted;
// Once what was written has gone out: connections that are kept open would hold the process.
process.stdout.write('', () => process.exit(isCut ? EXIT.ok : exit));
