import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { localCommand } from '../../localstack/localCommand.ts';
import { startMiniStack } from '../../localstack/ministack.ts';
import { freePort } from '../../localstack/ports.ts';
import { isRunning, membersOf } from '../../localstack/processes.ts';
import { PUNCTUAL_FOLDER } from '../../localstack/startLocalAws.ts';
import { ministackPython } from '../../localstack/venv.ts';
import { folder, INSTALLING_MS, silent, useScratch, write } from './scratch.ts';

useScratch();

describe('MiniStack', () => {
  beforeAll(() => void ministackPython(join(PUNCTUAL_FOLDER, 'venv'), silent), INSTALLING_MS);

  /** A folder of its own that shares the one virtual environment. */
  function ownFolder(): string {
    const own = folder();
    symlinkSync(join(PUNCTUAL_FOLDER, 'venv'), join(own, 'venv'));
    return own;
  }

  it('starts and stops without leaving a process or a file, and two live side by side', async () => {
    const own = ownFolder();
    const options = { folder: own, port: 'free', attended: true, log: silent } as const;
    const both = await Promise.all([startMiniStack(options), startMiniStack(options)]);
    onTestFinished(() => Promise.all(both.map((one) => one.stop())).then(silent));
    expect(new Set(both.map((one) => one.endpoint)).size).toBe(2);
    expect(both[0]).toMatchObject({ backend: 'ministack', emulator: 'ministack', enforcesIam: true });
    for (const one of both) expect(membersOf(one.pid)).toEqual([one.pid]);
    await Promise.all(both.map((one) => one.stop()));
    for (const one of both) expect(membersOf(one.pid)).toEqual([]);
    expect(readdirSync(own)).toEqual(['venv']);
  });

  it('says the end of its log when it is dead at its start', async () => {
    const own = folder();
    const python = join(own, 'venv', 'ministack-1.5.33', 'bin', 'python');
    write(python, '#!/bin/sh\necho first; echo "no such module" >&2; exit 7\n');
    chmodSync(python, 0o755);
    const started = startMiniStack({ folder: own, port: 'free', attended: true, log: silent });
    await expect(started).rejects.toThrow(
      /^MiniStack ended at its start \(exit code 7\), see the end of .*log:\n {2}first\n {2}no such module$/,
    );
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('ends when the process that started it gets %s', async (signal) => {
    const program = `import { startLocalAws } from './localstack/startLocalAws.ts';
      console.log((await startLocalAws()).pid); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const [pid] = (await once(parent.stdout, 'data')).map(Number) as [number];
    expect(membersOf(pid)).toEqual([pid]);
    parent.kill(signal);
    await vi.waitFor(() => expect(membersOf(pid)).toEqual([]), { timeout: 20_000 });
  });

  describe('npm run local', () => {
    async function local(own: string, ...words: string[]): Promise<string> {
      const lines: string[] = [];
      await localCommand({ folder: own, say: (line) => lines.push(line), log: silent }).parseAsync(words, { from: 'user' });
      return lines.join('\n');
    }

    it('up, up again, status, env, down, down again', async () => {
      const own = ownFolder();
      onTestFinished(() => local(own, 'down').then(silent));
      const port = String(await freePort());
      const where = `ministack at http://127.0.0.1:${port} \\(process \\d+\\)`;
      expect(await local(own, 'up', '--port', port)).toMatch(new RegExp(`^Up: ${where}\\.$`));
      expect(await local(own, 'up', '--port', '1')).toMatch(new RegExp(`^Already up: ${where}\\.$`));
      expect(await local(own, 'status')).toMatch(new RegExp(`^Up: ${where}\\.$`));
      expect(await local(own, 'env')).toContain(`export AWS_ENDPOINT_URL=http://127.0.0.1:${port}\nexport AWS_ENDPOINT_URL_S3=`);
      const { pid } = JSON.parse(readFileSync(join(own, 'local.json'), 'utf8')) as { pid: number };
      expect(await local(own, 'down')).toMatch(new RegExp(`^Down: ${where}\\.$`));
      expect(membersOf(pid)).toEqual([]);
      expect(readdirSync(own)).toEqual(['venv']);
      expect(await local(own, 'down')).toBe('Nothing is up.');
      expect(await local(own, 'status')).toBe('Nothing is up: npm run local -- up starts it.');
      await expect(local(own, 'env')).rejects.toThrow('Nothing is up: start it with npm run local -- up.');
    });

    it('clears a note of a process that is not an emulator (any more), and leaves that process alone', async () => {
      const other = spawn('/bin/sleep', ['60']);
      onTestFinished(() => void other.kill());
      const own = folder();
      write(join(own, 'local.json'), { backend: 'ministack', pid: other.pid, port: 1, endpoint: 'http://127.0.0.1:1' });
      expect(await local(own, 'down')).toBe('Nothing is up.');
      expect(readdirSync(own)).toEqual([]);
      expect(isRunning(other.pid ?? 0, 'sleep')).toBe(true);
    });

    it('clears a note that cannot be read', async () => {
      const own = folder();
      write(join(own, 'local.json'), '{');
      expect(await local(own, 'status')).toContain('Nothing is up');
      expect(readdirSync(own)).toEqual([]);
    });

    it('forgets an emulator that was killed', async () => {
      const own = ownFolder();
      onTestFinished(() => local(own, 'down').then(silent));
      await local(own, 'up', '--port', String(await freePort()));
      const { pid } = JSON.parse(readFileSync(join(own, 'local.json'), 'utf8')) as { pid: number };
      process.kill(pid, 'SIGKILL');
      await vi.waitFor(async () => expect(await local(own, 'status')).toContain('Nothing is up'), { timeout: 20_000 });
    });

    it('says that the port is taken', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      onTestFinished(() => void server.close());
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      await expect(local(ownFolder(), 'up', '--port', String(port))).rejects.toThrow(`Port ${port} is already in use`);
    });

    it('answers a failure with one line and exit code 1', () => {
      const env = { ...process.env, PUNCTUAL_LOCAL: 'moto', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
      const done = spawnSync(process.execPath, ['--import', 'tsx', 'localstack/cli.ts', 'up', '--port', '1'], { encoding: 'utf8', env });
      expect(done.stderr.trim()).toMatch(/^PUNCTUAL_LOCAL=moto is unknown: .+ unset it\.$/);
      expect(done.status).toBe(1);
    });
  });
});
