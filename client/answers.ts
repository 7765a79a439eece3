import type { OperateAnswers, ReplayStep } from '../contract/operate.ts';
import type { Enqueued } from '../contract/submit.ts';
import type { Explanation, NextTask, TaskPage } from '../contract/tasks.ts';
import type { TaskView } from '../contract/view.ts';
import { STATES } from '../core/task.ts';
import type { Fields } from './check.ts';
import { unexpected } from './Door.ts';

// Answers as what they tell: what every caller relies on is checked, the rest is passed on.

/** A task that was enqueued, from an answer or from one result of it. */
export function enqueuedOf(answer: Fields): Enqueued {
  if (!isTask(answer) || typeof answer.created !== 'boolean') throw unexpected('an enqueued task (id, created, state, dueAt)');
  return bare<Enqueued>(answer);
}

/** The task of an answer. */
export function taskOf({ task }: Fields): TaskView {
  if (!isObject(task) || !isTask(task)) throw unexpected('a task (id, state, dueAt)');
  return task as unknown as TaskView;
}

/** The tasks that an answer shows as next. */
export function nextOf({ next }: Fields): readonly NextTask[] {
  if (!isListOf(next, hasId)) throw unexpected('the next tasks');
  return next as unknown as readonly NextTask[];
}

export function explanationOf(answer: Fields): Explanation {
  const { id, state, text } = answer;
  if (typeof id !== 'string' || !isState(state) || typeof text !== 'string') throw unexpected('an explanation (id, state, text)');
  return { id, state, text };
}

export function pageOf(answer: Fields): TaskPage {
  const { tasks, cursor } = answer;
  if (!isListOf(tasks, (task) => hasId(task) && isState(task.state))) throw unexpected('a page of tasks (id, state)');
  return { tasks, ...cursorIn(cursor) } as unknown as TaskPage;
}

/** An operate door's answer to one of the actions below. */
export function operated<A extends keyof typeof SHAPES>(action: A, answer: Fields): OperateAnswers[A] {
  const [is, allowed] = SHAPES[action];
  if (!is(answer)) throw unexpected(allowed);
  return bare<OperateAnswers[A]>(answer);
}

export function replayStepOf(answer: Fields): ReplayStep {
  const { matched, replayed, refused } = answer;
  const isStep = isListOf(refused, (one) => hasId(one) && typeof one.reason === 'string') && isTexts(matched) && isTexts(replayed);
  if (!isStep) throw unexpected('a step of a replay (matched, replayed, refused)');
  return bare<ReplayStep>(answer);
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isListOf = (value: unknown, is: (element: Fields) => boolean): value is Fields[] =>
  Array.isArray(value) && value.every((element) => isObject(element) && is(element));
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((text) => typeof text === 'string');
const isState = (state: unknown): state is TaskView['state'] => (STATES as readonly unknown[]).includes(state);
const hasId = ({ id }: Fields): boolean => typeof id === 'string';
const isTask = ({ id, state, dueAt }: Fields): boolean => typeof id === 'string' && typeof dueAt === 'string' && isState(state);
const isError = ({ fingerprint, count }: Fields): boolean => typeof fingerprint === 'string' && typeof count === 'number';
const isValves = ({ app, valve, names }: Fields): boolean => typeof app === 'string' && isObject(valve) && isObject(names);

/** What the answers of the operate door must be, and how that is said. */
const SHAPES = {
  describe: [
    ({ apps, dispatcher }) => isListOf(apps, ({ app }) => typeof app === 'string') && isObject(dispatcher),
    'the apps and the dispatcher',
  ],
  stats: [(answer) => isValves(answer) && isObject(answer.waiting) && isObject(answer.due) && isObject(answer.dead), 'the stats of an app'],
  versions: [
    ({ versions }) => isListOf(versions, ({ name, version, count }) => typeof name === 'string' && isCount(version) && isCount(count)),
    'the versions that wait',
  ],
  errors: [({ errors }) => isListOf(errors, isError), 'the recurring errors of an app'],
  error: [({ error }) => isObject(error) && isError(error), 'a recurring error'],
  resolveError: [({ error }) => isObject(error) && isError(error), 'a recurring error'],
  pause: [isValves, 'what is set for the app'],
  resume: [isValves, 'what is set for the app'],
} as const satisfies Partial<Record<keyof OperateAnswers, readonly [(answer: Fields) => boolean, string]>>;

const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isInteger(value);

function cursorIn(cursor: unknown): { cursor?: string } {
  if (cursor === undefined) return {};
  if (typeof cursor !== 'string') throw unexpected('a cursor that is a text');
  return { cursor };
}

/** An answer without what every answer has. */
function bare<T>({ v: _version, ok: _ok, ...rest }: Fields): T {
  return rest as T;
}
