import type { BatchExecuteStatementCommandInput } from '@aws-sdk/client-dynamodb';
import { CountedQueue, SECOND } from '../counts/CountedQueue.ts';
import { completing } from '../counts/workers.ts';

/** Every call of the counted queue takes so long. */
const CALL_MS = 21;

/** Tasks whose claims left at one instant. */
interface Round {
  readonly at: number;
  tasks: number;
}

/**
 * Calls that the shipped dispatcher makes one after the other for each task that it claims of a backlog, by the virtual clock: the
 * median of its rounds, because some wait until what was claimed ahead of them is told.
 */
export async function claimCalls(tasks: number): Promise<number> {
  const rounds = await roundsOf(tasks);
  const each = rounds.slice(1).map(({ at, tasks }, i) => (at - (rounds[i]?.at ?? at)) / CALL_MS / tasks);
  return each.sort((a, b) => a - b)[each.length >> 1] ?? Number.NaN;
}

async function roundsOf(tasks: number): Promise<Round[]> {
  const queue = new CountedQueue({ maxInFlight: tasks });
  const { cloud, timeline } = queue.world;
  const rounds: Round[] = [];
  const execute = cloud.execute.bind(cloud);
  cloud.execute = (command, input, by) => {
    const claims = command === 'BatchExecuteStatementCommand' && by.name.startsWith('dispatcher') ? claimsIn(input) : 0;
    if (claims > 0) {
      if (rounds.at(-1)?.at !== timeline.now) rounds.push({ at: timeline.now, tasks: 0 });
      const round = rounds.at(-1);
      if (round) round.tasks += claims;
    }
    return execute(command, input, by);
  };
  queue.worker = completing();
  await queue.play(async () => {
    await queue.pass(SECOND);
    const dueAt = new Date(queue.tickIn(2) + 12 * SECOND);
    await queue.enqueue(Array.from({ length: tasks }, (_, i) => ({ name: 'send-invoice', payload: { invoice: i }, dueAt })));
    await queue.drain();
  });
  return rounds;
}

/** Slots may be written by statements too. */
const claimsIn = (input: unknown): number =>
  (input as BatchExecuteStatementCommandInput).Statements?.filter(({ Statement = '' }) => Statement.includes('"claim"')).length ?? 0;
