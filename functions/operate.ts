import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient } from '@aws-sdk/client-ssm';
import { doorError } from '../contract/errors.ts';
import {
  type Description,
  type ErrorView,
  OPERATE_ACTIONS,
  type OperateRequest,
  operateRequest,
  type ReplayStep,
  type ValvesView,
} from '../contract/operate.ts';
import { wire } from '../contract/view.ts';
import type { RecurringError } from '../core/errors.ts';
import type { AppSettings } from '../core/policy.ts';
import { NO_VALVES, type Valve } from '../core/valves.ts';
import { CLIENT_OPTIONS, DYNAMO_OPTIONS } from './client-options.ts';
import { systemClock } from './clock.ts';
import { door, Refused } from './doors/door.ts';
import { listTasks } from './doors/list.ts';
import { nextTasks } from './doors/lookahead.ts';
import { replayStep } from './doors/replay-all.ts';
import { statsOf } from './doors/stats.ts';
import { TaskDoor } from './doors/task-door.ts';
import { versionsStep } from './doors/versions.ts';
import { adoption, variable } from './environment.ts';
import { ErrorBook } from './failures/error-book.ts';
import { appOf } from './identity.ts';
import { KnownSettings } from './known-settings.ts';
import { Ring } from './ring.ts';
import { Seat } from './seat.ts';
import { loadSettings } from './settings.ts';
import { readingAll } from './shards.ts';
import { Store } from './store.ts';
import { type RunTime, ValveStore, valvesView } from './valves.ts';

const dynamo = new DynamoDBClient(DYNAMO_OPTIONS);
const store = new Store(dynamo, variable('table'));
const source = { dynamo, store };
const seat = new Seat(dynamo, variable('table'));
const ring = new Ring(seat, new LambdaClient(CLIENT_OPTIONS), variable('dispatcher'));
const valves = new ValveStore(dynamo, store, seat, adoption());
const errors = new ErrorBook(dynamo, store);
const ssm = new SSMClient(CLIENT_OPTIONS);
const loadApps = () => loadSettings(ssm, variable('queue'));
const apps = new KnownSettings(loadApps, systemClock);
const tasks = new TaskDoor({ dynamo, store, valves, ring });

/** The operator's door: the queue as a whole, and the tasks of all its apps. */
export const handler = door(operateRequest, OPERATE_ACTIONS, carryOut);

async function carryOut(request: OperateRequest): Promise<object> {
  const now = Date.now();
  if (request.action === 'describe') return describe();
  const settings = await ('app' in request ? settingsOf(request.app) : settingsOf(appOf(request.id), { field: 'id', got: request.id }));
  const { app } = settings;
  /** For what looks at the app as a whole: its valves, and all its lanes. */
  const whole = async () => {
    const valves = await runTimeOf(app);
    return { dynamo, store, settings: readingAll(settings, valves.shards), valves, now };
  };
  switch (request.action) {
    case 'stats':
      return statsOf(await whole());
    case 'next':
      return { next: await nextTasks(await whole(), request.count ?? 1) };
    case 'list':
      return listTasks(source, (await whole()).settings, request, now);
    case 'versions':
      return versionsStep(source, (await whole()).settings, request.cursor);
    case 'replayAll':
      return replay((await whole()).settings, request, now);
    case 'errors': {
      const page = await errors.list(app, request.cursor);
      return { ...page, errors: page.errors.map(errorView) };
    }
    case 'error':
      return found(app, request.fingerprint, await errors.get(app, request.fingerprint));
    case 'resolveError':
      return found(app, request.fingerprint, await errors.resolve(app, request.fingerprint, now));
    case 'pause':
      return set(settings, request.name, 'paused', now);
    case 'resume':
      return set(settings, request.name, request.perMinute === undefined ? undefined : { perMinute: request.perMinute, since: now }, now);
    default:
      return tasks.carryOut(request, settings, now);
  }
}

/** `asked`: the part of the request that names the app. @throws Refused if the queue has no such app */
async function settingsOf(app: string, asked = { field: 'app', got: app }): Promise<AppSettings> {
  const settings = await apps.of(app);
  if (settings) return settings;
  const names = (await loadApps()).map((one) => one.app).sort();
  const allowed = names.length === 0 ? 'none: this queue has no app yet' : names.join(', ');
  throw new Refused(doorError('NotFound', `This queue has no app ${app}. Its apps: ${allowed}.`, { ...asked, allowed }));
}

async function describe(): Promise<Description> {
  const [all, first] = await Promise.all([loadApps(), seat.read()]);
  const others = await Promise.all(Array.from({ length: first.dispatchers - 1 }, (_, i) => seat.of(i + 1).read()));
  const seats = [first, ...others];
  const aliveUntil = Math.max(...seats.map((one) => one.aliveUntil));
  const known = await valves.read(all.map(({ app }) => app));
  return {
    apps: all.map((settings) => ({ ...settings, ...valvesView(settings.app, known.get(settings.app) ?? NO_VALVES) })),
    dispatcher: { runs: seats.reduce((sum, { epoch }) => sum + epoch, 0), ...(aliveUntil > 0 ? { aliveUntil: wire(aliveUntil) } : {}) },
  };
}

const runTimeOf = async (app: string): Promise<RunTime> => (await valves.read([app])).get(app) ?? NO_VALVES;

async function replay(settings: AppSettings, request: OperateRequest & { action: 'replayAll' }, now: number): Promise<ReplayStep> {
  const step = await replayStep(source, settings, request, now);
  await ring.ifNear(
    settings,
    step.replayed.map((id) => ({ id, dueAt: now })),
    now,
  );
  return step;
}

async function set(settings: AppSettings, name: string | undefined, valve: Valve | undefined, now: number): Promise<ValvesView> {
  const { app } = settings;
  const after = await valves.set(app, name, valve);
  // What waits may be due, and nobody else rings for it.
  if (valve !== 'paused') await ring.ring(settings, now);
  return valvesView(app, after);
}

function found(app: string, fingerprint: string, error: RecurringError | undefined): { error: ErrorView } {
  if (error) return { error: errorView(error) };
  throw new Refused(
    doorError(
      'NotFound',
      `The app ${app} has no such recurring error, or it was last seen too long ago. The action errors lists what there is.`,
      {
        field: 'fingerprint',
        got: fingerprint,
        allowed: 'a fingerprint as errors lists it',
      },
    ),
  );
}

const errorView = (error: RecurringError): ErrorView => ({
  fingerprint: error.fingerprint,
  app: error.app,
  name: error.name,
  errorName: error.errorName,
  message: error.message,
  count: error.count,
  deaths: error.deaths,
  firstSeenAt: wire(error.firstSeenAt),
  lastSeenAt: wire(error.lastSeenAt),
  versions: error.versions,
  tasks: error.tasks,
  ...(error.resolvedAt === undefined ? {} : { resolvedAt: wire(error.resolvedAt) }),
});
