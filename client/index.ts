export type { Enqueued, NextTask } from '../contract/submit.ts';
export type { AttemptView, TaskView } from '../contract/view.ts';
export type { Level } from '../core/task.ts';
export type { LocalDate } from '../core/when.ts';
export {
  type CreateHandlerOptions,
  createHandler,
  type InvocationContext,
  type SqsBatchResponse,
  type SqsEvent,
} from './createHandler.ts';
export { defineTasks, type Payload, type PayloadInput, type Schemas, type TaskName, type Tasks } from './defineTasks.ts';
export {
  AccessDeniedError,
  BadRequestError,
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
export type { ClaimedTask, Handler, HandlerContext, Handlers } from './handlers.ts';
export { type Changes, type ClientOptions, type EnqueueResult, PunctualClient } from './PunctualClient.ts';
export type { DateInput } from './prepareDates.ts';
export type { TaskInput, TaskOptions } from './prepareTask.ts';
export type { OnError } from './reportError.ts';
export { type Snooze, snooze } from './snooze.ts';
export { type CloseOptions, Worker, type WorkerOptions } from './Worker.ts';
