// An enqueuer in a process of its own: `enqueuer.ts JOURNAL NAME SEED SPREAD`. Each task stands in its journal before it is asked
// for; one that was killed begins by asking again, by the same keys, for what it has no answer to. Stops when it is sent a message.
import { setTimeout as sleep } from 'node:timers/promises';
import { PunctualClient, PunctualError } from '../../client/index.ts';
import { Chance } from '../simulation/chance.ts';
import { Journal, linesOf } from './journal.ts';
import { type Answer, CHANGES, type EnqueuerLine, type Request, tasks } from './records.ts';
import { requestOf, type Spread } from './requests.ts';

/** Tasks that are asked for once, whatever comes: without an answer nobody knows whether they exist. */
const ONCE = 0.1;
const isOnce = (key: string): boolean => key.endsWith('once');
const REPEATED_IN_A_CALL = 10;
const LAST_TRIES = 20;
/** Of the tasks whose date is further off than this, how many are changed. */
const CHANGEABLE_MS = 1_500;
const CHANGED = 0.5;

const [, , path = '', name = '', seed, spreadText = ''] = process.argv;
const spread = JSON.parse(spreadText) as Spread;
const client = new PunctualClient({ tasks });
const unanswered = new Map<string, Request>();
const earlier = linesOf<EnqueuerLine>(path);
for (const line of earlier) note(line);
const journal = new Journal<EnqueuerLine>(path);
let call = Math.max(0, ...earlier.map((line) => line.call));
// A chance of its own in each life: what was asked for before is in the journal.
const chance = new Chance(Number(seed), `enqueuer ${name} from ${call}`);
let isStopping = false;
process.once('message', () => {
  isStopping = true;
});
process.once('disconnect', () => process.exit());

while (!isStopping) {
  await ask(chance.int(1, 5));
  await sleep(chance.int(300, 1_700));
}
for (let tries = 0; unanswered.size > 0 && tries < LAST_TRIES; tries++) await ask(0);
journal.close();
process.disconnect();

/** One call: new tasks, and old ones that are unanswered. */
async function ask(fresh: number): Promise<void> {
  call++;
  const again = [...unanswered.values()].slice(0, REPEATED_IN_A_CALL);
  const keys = Array.from({ length: fresh }, (_, i) => `${name}-${call}-${i}${chance.hits(ONCE) ? '-once' : ''}`);
  const asked = [...again, ...keys.map((key) => requestOf(key, chance, Date.now(), spread))];
  record({ at: Date.now(), call, asked });
  const results = await during(client.enqueueBatch(asked));
  const answered = results.map((result, i) => answerOf(asked[i]?.payload.key ?? '', result));
  record({ at: Date.now(), call, answered });
  for (const [i, answer] of answered.entries()) if ('id' in answer) await change(answer.id, asked[i] as Request);
}

function answerOf(key: string, result: Awaited<ReturnType<typeof client.enqueueBatch>>[number]): Answer {
  return result.ok ? { key, id: result.id } : { key, refusal: result.error.code, isFinal: !result.error.retryable };
}

/** Somebody changes their mind, once; where the answer is lost nobody knows what came of it. */
async function change(id: string, { payload: { key }, dueAt }: Request): Promise<void> {
  const leftMs = Date.parse(dueAt ?? '') - Date.now();
  if (!(leftMs > CHANGEABLE_MS && chance.hits(CHANGED))) return;
  call++;
  const what = chance.oneOf(CHANGES);
  const next = new Date(Date.now() + chance.int(500, spread.aheadMs)).toISOString();
  record({ at: Date.now(), call, change: what, key, ...(what === 'reschedule' ? { dueAt: next } : {}) });
  try {
    if (what === 'cancel') await during(client.cancel(id));
    else if (what === 'reschedule') await during(client.reschedule(id, { dueAt: next, deadlineAt: null }));
    else await during(client.reprioritize(id, 'high'));
    record({ at: Date.now(), call, key, changed: true });
  } catch (error) {
    if (!(error instanceof PunctualError)) throw error;
    if (!error.retryable) record({ at: Date.now(), call, key, changed: false });
  }
}

/** Whoever kills this process hears when a call is under way. */
async function during<T>(work: Promise<T>): Promise<T> {
  process.send?.({ isBusy: true });
  try {
    return await work;
  } finally {
    process.send?.({ isBusy: false });
  }
}

function record(line: EnqueuerLine): void {
  journal.write(line);
  note(line);
}

function note(line: EnqueuerLine): void {
  if ('asked' in line) for (const request of line.asked) if (!isOnce(request.payload.key)) unanswered.set(request.payload.key, request);
  if ('answered' in line) for (const answer of line.answered) if ('id' in answer || answer.isFinal) unanswered.delete(answer.key);
}
