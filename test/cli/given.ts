import { run } from '../../cli/run.ts';
import type { Shell } from '../../cli/Shell.ts';
import { doorError } from '../../contract/errors.ts';
import { type ErrorView, OPERATE_ACTIONS, operateRequest, type Stats } from '../../contract/operate.ts';
import { parseRequest } from '../../contract/parse.ts';
import { SUBMIT_ACTIONS, submitRequest } from '../../contract/submit.ts';
import type { TaskView } from '../../contract/view.ts';

export type Json = Record<string, unknown>;

export const OPERATE = 'arn:aws:lambda:eu-west-1:123456789012:function:tasks-operate';
export const BILLING = 'arn:aws:lambda:eu-west-1:123456789012:function:tasks-billing-submit';
export const OFFICE = 'arn:aws:lambda:eu-west-1:123456789012:function:tasks-office-submit';
export const APPS = JSON.stringify({ billing: { submit: BILLING }, office: { submit: OFFICE } });
/** 2026-12-24 08:00 in Paris. */
export const NOW = Date.parse('2026-12-24T07:00:00Z');
export const FINGERPRINT = 'FFFFFFFFFFFFFFFFFFFFFF';

export const idOf = (letter: string, app = 'billing'): string => `${app}/${letter.repeat(22)}`;

export const task = (letter: string, changes: Partial<TaskView> = {}): TaskView => ({
  id: idOf(letter),
  app: 'billing',
  name: 'send-invoice',
  version: 1,
  payload: { invoice: 42 },
  state: 'scheduled',
  priority: 'medium',
  position: 'back',
  dueAt: '2026-12-24T08:00:00.000Z',
  createdAt: '2026-12-23T08:00:00.000Z',
  claim: 0,
  attempt: 0,
  deliveries: 0,
  attempts: [],
  attemptsDropped: 0,
  timeline: [{ at: '2026-12-23T08:00:00.000Z', text: 'enqueued at priority medium' }],
  next: [{ at: '2026-12-24T08:00:00.000Z', text: 'due' }],
  ...changes,
});

export const error = (changes: Partial<ErrorView> = {}): ErrorView => ({
  fingerprint: FINGERPRINT,
  app: 'billing',
  name: 'send-invoice',
  errorName: 'TypeError',
  message: 'no such invoice 42',
  count: 1_000,
  deaths: 3,
  firstSeenAt: '2026-12-24T05:00:00.000Z',
  lastSeenAt: '2026-12-24T06:59:00.000Z',
  versions: [1, 2],
  tasks: [idOf('A'), idOf('B')],
  ...changes,
});

const none = { count: 0, isMore: false };
export const stats = (changes: Partial<Stats> = {}): Stats => ({
  app: 'billing',
  valve: { state: 'open' },
  names: {},
  waiting: { high: none, medium: none, low: none },
  due: { high: none, medium: none, low: none },
  inFlight: 0,
  maxInFlight: 500,
  dead: none,
  ...changes,
});

/** A door's refusal, to be thrown by what a test has a door answer. */
export class Refusal extends Error {
  readonly error: object;
  constructor(...parts: Parameters<typeof doorError>) {
    super(parts[1]);
    this.error = doorError(...parts);
  }
}

export const notFound = () => new Refusal('NotFound', 'This app has no such task, or its history has expired.', { field: 'id' });

/** What the doors say to a request. */
export type Says = (request: Json, arn: string) => object;

export interface Given {
  readonly doors?: Says;
  readonly env?: Record<string, string>;
  /** There is a terminal, and who sits there answers so. */
  readonly answer?: boolean;
  readonly stdin?: string;
  /** SSM parameters. */
  readonly published?: Record<string, string>;
  /** How far the clock moves on with each look at it, ms. */
  readonly step?: number;
  readonly timeZone?: string;
  readonly signal?: AbortSignal;
}

/** What a command line did. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as JSON. */
  readonly json: Json;
  /** What reached the doors, in order, without the contract's version. */
  readonly requests: readonly Json[];
  readonly arns: readonly string[];
  readonly questions: readonly string[];
  readonly asked: readonly (readonly string[])[];
  readonly slept: readonly number[];
}

/** Runs a command line in a world without network: the real client and the real contract, a door that the test speaks for. */
export async function punctual(args: readonly string[], given: Given = {}): Promise<Ran> {
  const said = { out: '', err: '' };
  const requests: Json[] = [];
  const arns: string[] = [];
  const questions: string[] = [];
  const asked: (readonly string[])[] = [];
  const slept: number[] = [];
  let clock = NOW;
  const shell: Shell = {
    env: given.env ?? { PUNCTUAL_OPERATE: OPERATE, PUNCTUAL_APPS: APPS },
    isTerminal: given.answer !== undefined,
    timeZone: given.timeZone ?? 'Europe/Paris',
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    input: async () => given.stdin ?? '',
    ask: async (question) => {
      questions.push(question);
      return given.answer ?? false;
    },
    now: () => {
      clock += given.step ?? 0;
      return clock;
    },
    sleep: async (ms) => {
      slept.push(ms);
      clock += ms;
    },
    signal: given.signal ?? new AbortController().signal,
    parameters: async (names, region) => {
      asked.push([...names, ...(region === undefined ? [] : [region])]);
      return new Map(Object.entries(given.published ?? {}).filter(([name]) => names.includes(name)));
    },
    lambda: lambdaOf((request, arn) => {
      const { v: _v, ...rest } = request;
      requests.push(rest);
      arns.push(arn);
      return (given.doors ?? (() => ({})))(rest, arn);
    }),
  };
  const exit = await run(args, shell);
  const json = () => JSON.parse(said.out) as Json;
  return {
    exit,
    ...said,
    requests,
    arns,
    questions,
    asked,
    slept,
    get json() {
      return json();
    },
  };
}

/** An SDK client whose functions are doors: each request is read by the contract first, as the doors do. */
function lambdaOf(says: Says): NonNullable<Shell['lambda']> {
  const send = async ({ input }: { input: { FunctionName: string; Payload: Uint8Array } }) => {
    const request = JSON.parse(Buffer.from(input.Payload).toString()) as Json;
    return { Payload: Buffer.from(JSON.stringify(answerTo(request, input.FunctionName, says))) };
  };
  return { send, destroy: () => {} } as unknown as NonNullable<Shell['lambda']>;
}

function answerTo(request: Json, arn: string, says: Says): object {
  const isOperate = arn === OPERATE;
  const parsed = isOperate
    ? parseRequest(operateRequest, request, '', OPERATE_ACTIONS)
    : parseRequest(submitRequest, request, '', SUBMIT_ACTIONS);
  if (!parsed.ok) return { v: 1, ok: false, error: parsed.error };
  try {
    return { v: 1, ok: true, ...says(request, arn) };
  } catch (refusal) {
    if (refusal instanceof Refusal) return { v: 1, ok: false, error: refusal.error };
    throw refusal;
  }
}

/** A submit door that takes every task, but for those named `refused`, which it refuses by their date. */
export function takesTasks(): Says {
  let serial = 0;
  const made = (app: string) => ({
    id: `${app}/${String(serial++).padStart(22, '0')}`,
    created: true,
    state: 'scheduled',
    priority: 'medium',
    dueAt: '2026-12-24T09:05:00.000Z',
  });
  return (request, arn) => {
    const app = arn === OFFICE ? 'office' : 'billing';
    if (request.action === 'enqueue') return made(app);
    const results = (request.tasks as Json[]).map((one, index) =>
      one.name === 'refused'
        ? { ok: false, error: doorError('BadRequest', `tasks[${index}].dueAt must be later.`, { field: `tasks[${index}].dueAt` }) }
        : { ok: true, ...made(app), ...(one.name === 'known' ? { created: false } : {}) },
    );
    return { results };
  };
}
