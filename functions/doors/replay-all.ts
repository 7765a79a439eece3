import type { OperateRequest, ReplayStep } from '../../contract/operate.ts';
import type { ListedTask } from '../../contract/tasks.ts';
import { wire } from '../../contract/view.ts';
import type { AppSettings } from '../../core/policy.ts';
import { arrivalAt } from './arrival.ts';
import { errorOf, Refused } from './door.ts';
import { listTasks } from './list.ts';
import type { Source } from './merged-lanes.ts';
import { refusalError } from './refusals.ts';

/** Tasks of one step unless asked otherwise. */
const STEP = 25;
/** Tasks that are written at the same time. */
const AT_ONCE = 10;

/**
 * One step of a replay of many: the dead tasks of a filter, the latest dead first. The cursor is a place in time: that
 * replayed tasks leave the lane moves no other past it, and one that dies again meanwhile is not met twice.
 *
 * @throws Refused if the request cannot be answered, by the field's name
 */
export async function replayStep(
  source: Source,
  settings: AppSettings,
  request: OperateRequest & { action: 'replayAll' },
  now: number,
): Promise<ReplayStep> {
  const { name, from, to, fingerprint, cursor, limit = STEP, dryRun = true } = request;
  const { tasks, cursor: next } = await listTasks(source, settings, { state: 'dead', name, from, to, fingerprint, cursor, limit }, now);
  const replayed: string[] = [];
  const refused: { id: string; reason: string }[] = [];
  for (let at = 0; at < tasks.length && !dryRun; at += AT_ONCE) {
    const batch = tasks.slice(at, at + AT_ONCE);
    const reasons = await Promise.all(batch.map((task) => replayDead(source, settings, task, now)));
    reasons.forEach((reason, i) => {
      const { id } = batch[i] as ListedTask;
      if (reason === undefined) replayed.push(id);
      else refused.push({ id, reason });
    });
  }
  return { matched: tasks.map(({ id }) => id), replayed, refused, ...(next === undefined ? {} : { cursor: next }) };
}

/** Replays a task if it is still dead by the death that was listed. Answers why not, where it was not. */
async function replayDead({ store }: Source, settings: AppSettings, { id, endedAt }: ListedTask, now: number): Promise<string | undefined> {
  const action = { type: 'replay', arrival: arrivalAt(now) } as const;
  try {
    const decision = await store.act(
      id,
      (task) => {
        // The index runs behind: a task that has ended otherwise since is not one that the filter means.
        const isOther = task?.endedAt !== undefined && (task.state !== 'dead' || wire(task.endedAt) !== endedAt);
        if (isOther) throw new Refused(refusalError({ reason: 'wrong state', state: task.state, allowed: ['dead'] }, id));
        return action;
      },
      now,
      settings,
    );
    return decision.kind === 'refused' ? refusalError(decision.refusal, id).message : undefined;
  } catch (error) {
    return errorOf(error).message;
  }
}
