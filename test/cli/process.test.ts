import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BILLING, idOf, type Json, OPERATE, stats, takesTasks } from './given.ts';

const COMMAND = resolve(import.meta.dirname, '../../cli/punctual.mjs');
const PUBLISHED: Record<string, string> = { '/punctual/tasks/OperateArn': OPERATE, '/punctual/tasks/billing/SubmitArn': BILLING };

/** What of AWS the command asks, over HTTP: Lambda's Invoke and SSM's GetParameters. */
let server: Server;
let says: (request: Json) => object | Promise<object>;
let denied: boolean;
const asked: string[][] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = (await json(request)) as Json;
    if (request.headers['x-amz-target'] === 'AmazonSSM.GetParameters') {
      const names = body.Names as string[];
      asked.push(names);
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      if (denied) return response.writeHead(400).end(JSON.stringify({ __type: 'AccessDeniedException', message: 'no' }));
      const found = names.filter((name) => PUBLISHED[name] !== undefined);
      return response.end(JSON.stringify({ Parameters: found.map((Name) => ({ Name, Value: PUBLISHED[Name] })) }));
    }
    return response.end(JSON.stringify({ v: 1, ok: true, ...(await says(body)) }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  denied = false;
  asked.length = 0;
});

function start(args: readonly string[], env: Record<string, string | undefined> = { PUNCTUAL_QUEUE: 'tasks' }) {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: 'pipe',
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      TZ: 'Asia/Tokyo',
      ...env,
    },
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    said.out += data;
  });
  child.stderr.on('data', (data) => {
    said.err += data;
  });
  const ended = new Promise<{ exit: number | null; signal: string | null }>((end) => {
    child.on('close', (exit, signal) => end({ exit, signal }));
  });
  return { child, said, ended };
}

async function ran(args: readonly string[], { stdin = '', env }: { stdin?: string; env?: Record<string, string | undefined> } = {}) {
  const { child, said, ended } = start(args, env);
  child.stdin.end(stdin);
  return { ...(await ended), ...said };
}

describe('the command punctual', () => {
  it('has its help on standard output, and no word on standard error', async () => {
    const { exit, out, err } = await ran(['--help']);
    expect([exit, err]).toEqual([0, '']);
    expect(out).toMatch(/^Usage: punctual/);
  });

  it('for a mistake has one line on standard error, no stack, and 2', async () => {
    const { exit, out, err } = await ran(['list', '--app', 'billing'], { env: {} });
    expect([exit, out]).toEqual([2, '']);
    expect(err).toMatch(/^punctual: No operate door is known here\..*\n$/);
  });

  it('finds the door by the queue’s name in SSM, the machine’s zone, and asks over the network', async () => {
    // Counted from now, in whole minutes: the words do not depend on the hour.
    const dueAt = Math.floor(Date.now() / 60_000) * 60_000 + ((30 * 24 + 5) * 60 + 30) * 60_000;
    says = () => ({ id: idOf('A'), state: 'scheduled', text: `not due until ${new Date(dueAt).toISOString()}` });
    const { exit, out, err } = await ran(['explain', idOf('A')]);
    expect([exit, err]).toEqual([0, '']);
    const inTokyo = new Date(dueAt + 9 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
    expect(out).toBe(`not due until in 30 d 5 h (${inTokyo} Asia/Tokyo)\n`);
    expect(asked).toEqual([['/punctual/tasks/OperateArn']]);
  });

  it('says what is missing where SSM may not be read', async () => {
    denied = true;
    const { exit, err } = await ran(['explain', idOf('A'), '--json']);
    expect(exit).toBe(1);
    const { error } = JSON.parse(err) as { error: Json };
    expect(error.code).toBe('AccessDenied');
    expect(error.message).toContain('ssm:GetParameters');
  });

  it('asks for the region where none is told', async () => {
    const { exit, err } = await ran(['explain', idOf('A')], { env: { PUNCTUAL_QUEUE: 'tasks', AWS_REGION: undefined } });
    expect([exit, err]).toEqual([2, "punctual: To look up the queue's name its region is needed: give --region, or set AWS_REGION.\n"]);
  });

  it('enqueues a file from a pipe, and asks SSM for at most ten names at once', async () => {
    says = (request) => takesTasks()(request, BILLING);
    const others = Array.from({ length: 10 }, (_, index) => `web-${index},c\n`).join('');
    const { exit, out, err } = await ran(['enqueue', '--file', '-', '--yes', '--json'], {
      stdin: `app,name\nbilling,a\nbilling,b\n${others}`,
    });
    expect([exit, err]).toEqual([1, '']);
    const { enqueued, problems } = JSON.parse(out) as { enqueued: number; problems: Json[] };
    expect([enqueued, problems.length]).toEqual([2, 10]);
    expect(problems[0]).toMatchObject({ line: 4, reason: expect.stringContaining('/punctual/tasks/web-0/SubmitArn') });
    expect(asked.map((names) => names.length)).toEqual([10, 1]);
  });

  it('whose reader goes away (| head) is no crash: it stops, and exits with 0', async () => {
    let pages = 0;
    const task = {
      id: idOf('A'),
      name: 'x'.repeat(100),
      version: 1,
      state: 'scheduled',
      priority: 'low',
      dueAt: '2026-12-24T08:00:00.000Z',
    };
    says = () => ({ tasks: Array.from({ length: 100 }, () => task), cursor: `c${pages++}` });
    const { child, said, ended } = start(['list', '--app', 'billing', '--all']);
    child.stdout.once('data', () => child.stdout.destroy());
    expect(await ended).toEqual({ exit: 0, signal: null });
    expect(said.err).not.toMatch(/EPIPE|\n\s+at /);
  });

  it('ends at Ctrl-C with 130, also while it waits, and says what stands', async () => {
    says = () => stats({ inFlight: 1 });
    const { child, said, ended } = start(['stats', '--app', 'billing', '--watch', '--every', '10m']);
    child.stderr.once('data', () => child.kill('SIGINT'));
    expect(await ended).toEqual({ exit: 130, signal: null });
    expect(said.err).toContain('punctual: Interrupted: the tasks go on.\n');
    expect(said.out).toBe('');
  });

  it('ends at Ctrl-C with 130 though a door does not answer', async () => {
    let reached = () => {};
    const called = new Promise<void>((resolve) => {
      reached = resolve;
    });
    says = () => {
      reached();
      return new Promise(() => {});
    };
    const { child, ended } = start(['explain', idOf('A')]);
    await called;
    child.kill('SIGINT');
    expect(await ended).toEqual({ exit: 130, signal: null });
  });
});
