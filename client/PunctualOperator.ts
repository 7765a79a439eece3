import type { LambdaClient } from '@aws-sdk/client-lambda';
import {
  type Description,
  type ErrorView,
  OPERATE_ACTIONS,
  operateRequest,
  type ReplayStep,
  type Stats,
  type ValvesView,
  type VersionCount,
} from '../contract/operate.ts';
import type { NextTask, TaskPage } from '../contract/tasks.ts';
import { nextOf, operated, pageOf, replayStepOf } from './answers.ts';
import { fieldsOf, refuse } from './check.ts';
import { Door } from './Door.ts';
import { filterOf, type ListFilter, listFilter, type NextOptions, nextOptions, type TaskFilter } from './filters.ts';
import { steps } from './steps.ts';
import { TaskActions } from './TaskActions.ts';

/** Where a {@link PunctualOperator} finds its door. */
export interface OperatorOptions {
  /** ARN of the queue's operate door. @default that in the environment, `PUNCTUAL_OPERATE` */
  readonly operateArn?: string | undefined;
  /** The SDK client to use. @default one of its own, with retries and timeouts */
  readonly lambda?: LambdaClient | undefined;
  /** Region of the operator's own SDK client. @default the door's */
  readonly region?: string | undefined;
}

/** Which dead tasks `replayAll` replays, and whether it does. */
export interface ReplayAllOptions extends TaskFilter {
  /** Only tasks whose last error is this recurring one. @default any */
  readonly fingerprint?: string | undefined;
  /** true: only says which tasks would be replayed. @default true */
  readonly dryRun?: boolean | undefined;
  /** Hears of each step, of up to 100 tasks, as soon as it is done. What it throws ends the walk. */
  readonly onStep?: ((step: Replays) => void) | undefined;
}

/** What came of a replay of many, by ids. */
export interface Replays {
  /** Tasks that the filter found. */
  readonly matched: readonly string[];
  /** Of them, those that wait again; none in a dry run. */
  readonly replayed: readonly string[];
  /** Of them, those that may not be replayed, or have changed meanwhile. */
  readonly refused: ReplayStep['refused'];
}

/** Part of an app: without name, all of it. */
export interface PauseOptions {
  /** Only tasks of this name. @default all of the app's */
  readonly name?: string | undefined;
}

/** How what was paused goes on. */
export interface ResumeOptions extends PauseOptions {
  /** No more than so many notifications a minute, 1 to 1,000,000, until it is resumed without. @default no such limit */
  readonly perMinute?: number | undefined;
}

/** Tasks of one step of `replayAll`. */
const STEP = 100;

/**
 * The way of those who operate a queue, across all its apps: through its operate door (`grantOperate`). Everything is
 * checked before it leaves the process; instants in results are texts in RFC 3339 UTC. Every method throws a
 * {@link PunctualError}: `NotFoundError` for an app that the queue does not have, `UnavailableError` when the door cannot be
 * reached (after retries; every method may be called again), `AccessDeniedError` without grant.
 */
export class PunctualOperator extends TaskActions {
  /** @throws BadRequestError if no door is found, or an option is not known */
  constructor(options: OperatorOptions = {}) {
    const { operateArn: arn } = fieldsOf(options, ['operateArn', 'lambda', 'region'], 'options');
    super(new Door('operate', { arn, lambda: options.lambda, region: options.region }), operateRequest, OPERATE_ACTIONS);
  }

  /** The apps with their settings and valves, and the dispatcher. */
  async describe(): Promise<Description> {
    return operated('describe', await this.ask({ action: 'describe' }));
  }

  /** How an app stands: what waits, is due, is out and is dead, by counts that may stop at a bound. */
  async stats(app: string): Promise<Stats> {
    return operated('stats', await this.ask({ action: 'stats', app }));
  }

  /** The tasks of an app that would be notified next, in that order, each with its predicted instant, without claiming them. */
  async next(app: string, options: NextOptions = {}): Promise<readonly NextTask[]> {
    return nextOf(await this.ask({ action: 'next', app, ...nextOptions(options) }));
  }

  /** A page of an app's tasks: waiting ones by their date, ended ones the latest first. Completed ones only where the app lists them. */
  async list(app: string, filter: ListFilter = {}): Promise<TaskPage> {
    return pageOf(await this.ask({ action: 'list', app, ...listFilter(filter) }));
  }

  /** How many tasks of each name and version wait or are out, by name and version. Walks all that wait. */
  async versions(app: string): Promise<readonly VersionCount[]> {
    const found = new Map<string, VersionCount>();
    for await (const answer of steps((cursor) => this.ask({ action: 'versions', app, ...cursor }))) {
      for (const { name, version, count } of operated('versions', answer).versions) {
        const key = `${name} ${version}`;
        found.set(key, { name, version, count: count + (found.get(key)?.count ?? 0) });
      }
    }
    return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version - b.version));
  }

  /**
   * Replays an app's dead tasks, those of the filter, step by step; a dry run unless `dryRun: false` is said. If it throws
   * half way, what `onStep` has heard of is done; called again it goes on with the rest. No task is replayed twice, but one
   * whose step had to be asked for again may be missing in the result.
   */
  async replayAll(app: string, options: ReplayAllOptions = {}): Promise<Replays> {
    const known = ['name', 'from', 'to', 'fingerprint', 'dryRun', 'onStep'];
    const { onStep: _onStep, dryRun = true, ...filter } = filterOf(options, known, 'options');
    const { onStep } = options;
    if (onStep !== undefined && typeof onStep !== 'function') refuse('options.onStep', onStep, 'a function');
    const all = { matched: [] as string[], replayed: [] as string[], refused: [] as ReplayStep['refused'][number][] };
    for await (const answer of steps((cursor) => this.ask({ action: 'replayAll', app, ...filter, dryRun, limit: STEP, ...cursor }))) {
      const { matched, replayed, refused } = replayStepOf(answer);
      all.matched.push(...matched);
      all.replayed.push(...replayed);
      all.refused.push(...refused);
      onStep?.({ matched, replayed, refused });
    }
    return all;
  }

  /** The app's recurring errors, as the door lists them. */
  async errors(app: string): Promise<readonly ErrorView[]> {
    const all: ErrorView[] = [];
    for await (const answer of steps((cursor) => this.ask({ action: 'errors', app, ...cursor }))) {
      all.push(...operated('errors', answer).errors);
    }
    return all;
  }

  /** One recurring error. @throws NotFoundError */
  async error(app: string, fingerprint: string): Promise<ErrorView> {
    return operated('error', await this.ask({ action: 'error', app, fingerprint })).error;
  }

  /** Marks a recurring error as resolved: its next occurrence opens it again, and reports count anew. @throws NotFoundError */
  async resolveError(app: string, fingerprint: string): Promise<ErrorView> {
    return operated('resolveError', await this.ask({ action: 'resolveError', app, fingerprint })).error;
  }

  /** Nothing of the app, or of the name, is claimed from within a beat on until it is resumed; enqueue goes on. */
  async pause(app: string, options: PauseOptions = {}): Promise<ValvesView> {
    return operated('pause', await this.ask({ action: 'pause', app, ...fieldsOf(options, ['name'], 'options') }));
  }

  /** What was paused, or limited, goes on. A name that is paused itself stays so when its app is resumed. */
  async resume(app: string, options: ResumeOptions = {}): Promise<ValvesView> {
    return operated('resume', await this.ask({ action: 'resume', app, ...fieldsOf(options, ['name', 'perMinute'], 'options') }));
  }
}
