import { beforeAll, describe, expect, it } from 'vitest';
import { BadRequestError, PayloadTooLargeError, PunctualClient } from '../../client/index.ts';
import { bodyOf } from '../../functions/notification.ts';
import { taskOf } from '../../functions/rows.ts';
import { punctual, takesTasks } from '../cli/given.ts';
import { BAD } from './corpus.ts';
import { type Doors, openDoors } from './doors.ts';
import { type Case, ENTRIES } from './entries.ts';
import { FLOW } from './flow.ts';
import { GOOD } from './odd.ts';

const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function:punctual-billing-submit';
const GOOD_TASK = { name: 'send-invoice', payload: { invoice: 42 } };
const SIZES = ['0', '101', '10,000'] as const;

let doors: Doors;
let serial = 0;
beforeAll(async () => {
  doors = await openDoors();
});

/** A client whose door is the one in memory; `sent` counts what leaves it. */
function clientOf() {
  const made = { sent: 0 };
  const send = async ({ input }: { input: { Payload: Uint8Array } }) => {
    made.sent++;
    return { Payload: Buffer.from(JSON.stringify(await doors.submit(JSON.parse(Buffer.from(input.Payload).toString())))) };
  };
  const lambda = { send, destroy: () => {} } as never;
  return Object.assign(made, { client: new PunctualClient({ submitArn: ARN, lambda }) });
}

/** What goes to the door, past the client: text, as JSON can carry it. */
function requestText(door: object | string): string {
  const head = { v: 1, action: 'enqueue', ...GOOD_TASK, idempotencyKey: `key-${serial++}` };
  if (typeof door !== 'string') return JSON.stringify({ ...head, ...door });
  return `${JSON.stringify(head).slice(0, -1)},${door}}`;
}

const tasksIn = ({ table }: Doors) => [...table.rows.keys()].filter((id) => id.startsWith('billing/')).length;
const command = (cli: readonly string[]) => ['enqueue', '--app', 'billing', '--name', 'x', '--json', ...cli];
const only = (cases: readonly Case[], way: 'client' | 'door' | 'cli' | 'file') =>
  cases.filter((one) => one[way] !== undefined).map((one) => [`${one.entry} (${(one.field ?? 'taken').slice(0, 40)})`, one] as const);

it('every kind of bad input has a case', () => {
  const cases = [...BAD, ...GOOD].map(({ entry }): string => entry);
  const covered = new Set([...cases, ...Object.keys(FLOW), ...SIZES.map((size) => `a batch of ${size}`)]);
  expect(ENTRIES.filter((entry) => !covered.has(entry))).toEqual([]);
});

describe('what is bad is refused by the client, and nothing leaves it', () => {
  it.each(only(BAD, 'client'))('%s', async (_, { client: parts, field, got }) => {
    const { client, ...made } = clientOf();
    const task = Object.defineProperties({ ...GOOD_TASK }, Object.getOwnPropertyDescriptors(parts ?? {}));
    const error = (await client.enqueue(task as never).catch((thrown: unknown) => thrown)) as Error;
    expect(error instanceof BadRequestError || error instanceof PayloadTooLargeError, String(error)).toBe(true);
    says(error, field, got);
    expect(made.sent).toBe(0);
  });
});

describe('what is bad is refused by the door, and nothing is stored', () => {
  it.each(only(BAD, 'door'))('%s', async (_, { door = '', field, got }) => {
    const before = doors.table.writes;
    const { ok, error } = await doors.submit(JSON.parse(requestText(door)));
    expect(ok).toBe(false);
    says(error ?? {}, field, got);
    expect(doors.table.writes).toBe(before);
  });

  it.each(only(BAD, 'door'))('%s, in a batch, with a good one beside it', async (_, { door = '', field = '', got }) => {
    const task = (text: string) => text.replace('"v":1,"action":"enqueue",', '');
    const text = `{"v":1,"action":"enqueueBatch","tasks":[${task(requestText(door))},${task(requestText({}))}]}`;
    const before = tasksIn(doors);
    const { results } = await doors.submit(JSON.parse(text));
    expect(results[1]).toMatchObject({ ok: true, created: true });
    says(results[0].error, `tasks[0].${field}`.slice(0, 199), got);
    expect(tasksIn(doors)).toBe(before + 1);
  });
});

describe('what is bad is refused by the command line, and nothing is asked of a door', () => {
  it.each(only(BAD, 'cli'))('%s', async (_, { cli = [], field = '', flag = field }) => {
    const { exit, err, out, requests } = await punctual(command(cli), { doors: takesTasks() });
    const { code, message } = JSON.parse(err).error;
    expect({ exit, out, requests }).toEqual({ exit: 2, out: '', requests: [] });
    expect(['Usage', 'BadRequest', 'PayloadTooLarge']).toContain(code);
    expect(message).toContain(flag);
  });

  it.each(only(BAD, 'file'))('in a file: %s', async (_, { file = '', field = '' }) => {
    const { exit, out, err, requests } = await punctual(['enqueue', '--file', '-', '--yes', '--json'], {
      doors: takesTasks(),
      stdin: file,
    });
    expect(requests).toEqual([]);
    expect([1, 2]).toContain(exit);
    expect(out + err).toContain(field);
    if (exit === 1)
      expect(JSON.parse(out)).toMatchObject({ enqueued: 0, problems: [{ field: expect.any(String), reason: expect.any(String) }] });
  });
});

describe('a batch', () => {
  it.each(SIZES)('of %s tasks is refused by client and door', async (text) => {
    const size = Number(text.replace(',', ''));
    const tasks = Array.from({ length: size }, () => GOOD_TASK);
    const { client, ...made } = clientOf();
    const error = await client.enqueueBatch(tasks).catch((thrown: unknown) => thrown);
    says(error as Said, 'tasks', `an array of ${size}`);
    const before = doors.table.writes;
    says((await doors.submit({ v: 1, action: 'enqueueBatch', tasks })).error ?? {}, 'tasks', `an array of ${size}`);
    expect([made.sent, doors.table.writes]).toEqual([0, before]);
  });
});

describe('what looks odd and is right is taken', () => {
  it.each(only(GOOD, 'client'))('by the client: %s', async (_, { client: parts }) => {
    const { id } = await clientOf().client.enqueue({ ...GOOD_TASK, idempotencyKey: `key-${serial++}`, ...parts } as never);
    await shows(id, { ...GOOD_TASK, ...parts });
  });

  it.each(only(GOOD, 'door'))('by the door: %s', async (_, { door = '' }) => {
    const text = requestText(door);
    const { id, error } = await doors.submit(JSON.parse(text));
    expect(error).toBeUndefined();
    await shows(id, JSON.parse(text));
  });

  it.each(only(GOOD, 'cli'))('by the command line: %s', async (_, { cli = [] }) => {
    const { exit, requests } = await punctual(command(cli), { doors: takesTasks() });
    expect([exit, requests.length]).toEqual([0, 1]);
  });
});

interface Said {
  readonly code?: string;
  readonly message?: string;
  readonly field?: string;
  readonly got?: string;
  readonly allowed?: string;
}

/** What an error must say: the field, the value found and what is allowed, in a sentence of some length. */
function says(error: Said, field = '', got = ''): void {
  expect(['BadRequest', 'PayloadTooLarge']).toContain(error.code);
  expect(error.field?.startsWith(field), `${error.field} is not ${field}`).toBe(true);
  expect(error.got).toContain(got);
  expect(error.allowed).toBeTruthy();
  expect(error.message?.length).toBeLessThan(900);
}

/** The view and the notification show the task as it was asked for. */
async function shows(id: string, { name, payload }: { name: string; payload?: unknown }): Promise<void> {
  const { task } = await doors.submit({ v: 1, action: 'get', id });
  expect(task).toMatchObject({ id, name, state: 'scheduled' });
  expect(JSON.stringify(task.payload)).toBe(JSON.stringify(payload));
  const body = bodyOf(taskOf(doors.table.rows.get(id) ?? {}), Date.now());
  expect(JSON.stringify(JSON.parse(body).payload)).toBe(JSON.stringify(payload));
  // What SQS would put a replacement character in the place of.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those that SQS does not carry.
  expect(body).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
}
