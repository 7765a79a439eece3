// The rounds of `drains`, in a process of their own: tells its parent each, and all at the end. The ground's endpoints come as its argument.
import { BatchExecuteStatementCommand } from '@aws-sdk/client-dynamodb';
import { PublishBatchCommand, PublishCommand } from '@aws-sdk/client-sns';
import { systemClock } from '../../functions/clock.ts';
import { Run } from '../../functions/dispatch/run.ts';
import { listen, type Recording, record, repeat } from './calls.ts';
import { COUNT, type Ground, groundAt, SETTINGS, TABLE, tasksDue } from './ground.ts';
import { cpuOf } from './measure.ts';
import { oneByOne } from './oneByOne.ts';

/** Rounds that only warm up, of which the last is recorded; and those that are measured. */
const ROUNDS = { warm: 3, measured: 9 } as const;
const STAY_MS = 85_000;
const NONCE = '8f2c61d0aa3e';

/** What one way of draining took: CPU, and the time until the last claim and the last notification were answered. */
interface Drained {
  readonly cpuMs: number;
  readonly drainedMs: number;
  readonly calls: number;
}

/** One round: the three ways, one after the other, each on a table made anew. */
export interface Round {
  readonly ours: Drained;
  readonly bare: Drained;
  readonly oneByOne: Drained;
}

async function measure(ground: Ground, progress: (line: string) => void): Promise<readonly Round[]> {
  const dueAt = Date.now() - 1_000;
  let recording: Recording | undefined;
  const rounds: Round[] = [];
  for (let n = 1 - ROUNDS.warm; n <= ROUNDS.measured; n++) {
    const work = () => drain(ground.clients);
    if (n < 1) recording = await recorded(ground, dueAt, work);
    const ours = await drained(ground, dueAt, COUNT.ours, work);
    const bare = await drained(ground, dueAt, COUNT.ours, () => repeat(recording as Recording, ground.sdk));
    const naive = await drained(ground, dueAt, COUNT.oneByOne, () => oneByOne(ground.sdk, dueAt + STAY_MS));
    if (n >= 1) rounds.push({ ours, bare, oneByOne: naive });
    progress(`round ${n} of ${ROUNDS.measured}: ${told('ours', ours)}, ${told('bare', bare)}, ${told('one by one', naive)}`);
  }
  return rounds;
}

const told = (name: string, { cpuMs, drainedMs }: Drained): string => `${name} ${cpuMs.toFixed(0)} ms CPU, ${drainedMs.toFixed(0)} ms`;

async function recorded(ground: Ground, dueAt: number, work: () => Promise<unknown>): Promise<Recording> {
  await ground.fill(tasksDue(COUNT.ours, dueAt));
  return record(ground.clients, work);
}

async function drain(clients: Ground['clients']): Promise<void> {
  const ports = { ...clients, clock: systemClock, table: TABLE, bus: 'bus', queue: 'queue', memoryUsed: () => 0 };
  const { claimed, published } = await new Run(ports, [SETTINGS], NONCE, Date.now() + STAY_MS).run();
  if (claimed !== COUNT.ours || published !== COUNT.ours) throw new Error(`claimed ${claimed}, told ${published} of ${COUNT.ours}`);
}

/** Fills the table, does `work`, and sees that nothing waits any more. */
async function drained(ground: Ground, dueAt: number, count: number, work: () => Promise<unknown>): Promise<Drained> {
  await ground.fill(tasksDue(count, dueAt));
  let calls = 0;
  let lastAt = 0;
  const stops = [ground.clients, ground.sdk].flatMap(Object.values).map((client) =>
    listen(client as never, (command) => {
      calls++;
      // What comes after the last of these is not part of the draining: slots are noted, leave is taken.
      return () => {
        if (isDraining(command)) lastAt = performance.now();
      };
    }),
  );
  const started = performance.now();
  const cpuMs = await cpuOf(work);
  for (const stop of stops) stop();
  const waiting = await ground.waiting();
  if (waiting > 0) throw new Error(`${waiting} of ${count} tasks still wait: what was measured is not what was meant`);
  return { cpuMs, drainedMs: lastAt - started, calls };
}

/** A claim or a notification; slots are written by statements too. */
const isDraining = (command: object): boolean =>
  command instanceof PublishBatchCommand ||
  command instanceof PublishCommand ||
  (command instanceof BatchExecuteStatementCommand && command.input.Statements?.[0]?.Statement?.includes('"claim"') === true);

process.once('disconnect', () => process.exit(1));
const ground = groundAt(JSON.parse(process.argv[2] ?? ''));
const rounds = await measure(ground, (line) => process.send?.(line));
await ground.stop();
process.send?.(rounds, () => process.exit(0));
