/** The CDK constructs: everything that an infrastructure program may use. */
export type { AppOptions, TaskOptions } from './app-options.ts';
export type { MaxDueAge } from './max-due-age.ts';
export type { TaskApp, TaskWorker } from './task-app.ts';
export { TaskQueue, type TaskQueueProps } from './task-queue.ts';
export type { TaskQueueAttributes } from './task-queue-attributes.ts';
export type { TaskAppAttributes, TaskQueueBase } from './task-queue-base.ts';
export { TaskQueueError } from './task-queue-error.ts';
export type { WorkerOptions } from './worker-queue.ts';
