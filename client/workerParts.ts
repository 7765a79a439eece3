import { hostname } from 'node:os';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import * as v from 'valibot';
import { worker as workerName } from '../contract/fields.ts';
import { LIMITS } from '../contract/limits.ts';
import { check, refuse } from './check.ts';
import { Door } from './Door.ts';
import { checkTasks, type Schemas, type Tasks } from './defineTasks.ts';
import { checkHandlers, type Handlers } from './handlers.ts';
import type { RunnerParts } from './MessageRunner.ts';
import { guarded, logError, type OnError } from './reportError.ts';

/** What `createHandler` and `Worker` are both told. */
export interface RunnerOptions {
  /** Which of the connected apps. @default the only one that `addWorker` wrote into the environment */
  readonly app?: string | undefined;
  /** ARN of the app's report door. @default the connected app's */
  readonly reportArn?: string | undefined;
  /** The SDK client for the report door. @default one of its own, with retries and timeouts */
  readonly lambda?: LambdaClient | undefined;
  /** Region of the worker's own SDK clients. @default the door's and the queue's */
  readonly region?: string | undefined;
  /** How the worker is called in a task's history, 1 to 128 characters. @default the Lambda's name, else host name / process id */
  readonly name?: string | undefined;
  /**
   * Whether a task's lease is extended by itself, each time that half of it has passed, for as long as its handler runs, 12
   * hours at most. A handler that hangs keeps its task for as long: give it a timeout of its own. With false a handler has its
   * lease's time, and what it extends. @default true
   */
  readonly heartbeat?: boolean | undefined;
  /** Hears of errors beside the handlers' own. @default one line of JSON on stderr, without payload */
  readonly onError?: OnError | undefined;
}

/** The names of {@link RunnerOptions}. */
export const RUNNER_OPTIONS = ['app', 'reportArn', 'lambda', 'region', 'name', 'heartbeat', 'onError'];

/** @throws BadRequestError naming the option, handler or door that is missing or not allowed */
export function workerParts<S extends Schemas>(tasks: Tasks<S>, handlers: Handlers<S>, options: RunnerOptions): RunnerParts {
  checkTasks(tasks);
  const { name = process.env.AWS_LAMBDA_FUNCTION_NAME ?? `${hostname()}/${process.pid}`.slice(-LIMITS.worker), onError = logError } =
    options;
  const { heartbeat = true } = options;
  if (typeof heartbeat !== 'boolean') refuse('heartbeat', heartbeat, 'true or false');
  if (typeof onError !== 'function') refuse('onError', onError, 'a function');
  return {
    tasks,
    handlers: checkHandlers(tasks, handlers),
    worker: check(v.object({ name: workerName }), { name }, '').name,
    heartbeat,
    onError: guarded(onError),
    door: new Door('report', { arn: options.reportArn, app: options.app, lambda: options.lambda, region: options.region }),
  };
}
