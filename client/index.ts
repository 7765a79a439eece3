export type { Count, Description, ErrorView, Stats, ValvesView, ValveView, VersionCount } from '../contract/operate.ts';
export type { Enqueued } from '../contract/submit.ts';
export type { Explanation, ListedTask, NextTask, TaskPage } from '../contract/tasks.ts';
export type { AttemptView, TaskView, TimelineView } from '../contract/view.ts';
export type { Level, State } from '../core/task.ts';
export type { LocalDate } from '../core/when.ts';
export {
  type CreateHandlerOptions,
  createHandler,
  type InvocationContext,
  type SqsBatchResponse,
  type SqsEvent,
} from './createHandler.ts';
export {
  type Definitions,
  defineTasks,
  type Payload,
  type PayloadInput,
  type Schemas,
  type TaskName,
  type Tasks,
  type Upcaster,
  type VersionedTask,
  type Versions,
} from './defineTasks.ts';
export {
  AccessDeniedError,
  BadRequestError,
  HeldError,
  IdempotencyConflictError,
  LeaseLostError,
  NotFoundError,
  PayloadTooLargeError,
  PunctualError,
  type PunctualErrorCode,
  StoppedError,
  UnavailableError,
  WrongStateError,
} from './errors.ts';
export type { ListFilter, NextOptions, TaskFilter } from './filters.ts';
export type { ClaimedTask, Handler, HandlerContext, Handlers, NameHandler, VersionHandler } from './handlers.ts';
export type { MachineLimits, MachineReading } from './overload.ts';
export { type ClientOptions, type EnqueueResult, PunctualClient } from './PunctualClient.ts';
export {
  type OperatorOptions,
  type PauseOptions,
  PunctualOperator,
  type ReplayAllOptions,
  type Replays,
  type ResumeOptions,
} from './PunctualOperator.ts';
export type { DateInput } from './prepareDates.ts';
export type { TaskInput, TaskOptions } from './prepareTask.ts';
export { rangesOf } from './rangesOf.ts';
export type { OnError } from './reportError.ts';
export { type Snooze, snooze } from './snooze.ts';
export type { Changes, ReplayOptions } from './TaskActions.ts';
export { type CloseOptions, Worker, type WorkerOptions } from './Worker.ts';
