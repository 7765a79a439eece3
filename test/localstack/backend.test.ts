import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { chooseBackend } from '../../localstack/chooseBackend.ts';
import { useEndpoint } from '../../localstack/endpoint.ts';
import { claimPort, freePort } from '../../localstack/ports.ts';
import { startLocalAws } from '../../localstack/startLocalAws.ts';
import { folder, useScratch, write } from './scratch.ts';

useScratch();

describe('which backend', () => {
  it.each([
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, true, 'endpoint'],
    [{}, true, 'localstack'],
    [{}, false, 'ministack'],
    [{ PUNCTUAL_LOCAL: 'ministack', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, true, 'ministack'],
    [{ PUNCTUAL_LOCAL: 'localstack' }, false, 'localstack'],
  ])('%j, Docker: %s → %s', (environment, docker, expected) => {
    expect(chooseBackend(environment, () => docker)).toBe(expected);
  });

  it('names the three when asked for another', () => {
    expect(() => chooseBackend({ PUNCTUAL_LOCAL: 'moto' })).toThrow(
      'PUNCTUAL_LOCAL=moto is unknown: set it to one of endpoint, localstack, ministack',
    );
  });

  it.each([
    ['https://sns.eu-west-1.amazonaws.com', 'is AWS itself'],
    ['localhost', 'is not a URL'],
    ['', 'needs AWS_ENDPOINT_URL'],
  ])('refuses the endpoint %j: %s', async (endpoint, words) => {
    await expect(useEndpoint({ AWS_ENDPOINT_URL: endpoint })).rejects.toThrow(words);
  });

  it('says that nothing answers at an endpoint', async () => {
    await expect(useEndpoint({ AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}` })).rejects.toThrow('or unset AWS_ENDPOINT_URL');
  });

  it('waits for an emulator that is busy', async () => {
    const busy = createHttpServer((_, response) => void setTimeout(() => response.end('{"auth":"enabled"}'), 3_000)).listen(0, '127.0.0.1');
    onTestFinished(() => void busy.close());
    await once(busy, 'listening');
    const { port } = busy.address() as AddressInfo;
    expect(await useEndpoint({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` })).toMatchObject({ emulator: 'ministack', enforcesIam: true });
  });
});

describe('LocalStack by Docker', () => {
  /** A `docker` that is a shell script and notes each call; `$1 $2 …` are its words. */
  function fakeDocker(script: string): string {
    const bin = folder();
    write(join(bin, 'docker'), `#!/bin/sh\necho "$PUNCTUAL_PORT: $@" >> ${bin}/calls\n${script}\n`);
    chmodSync(join(bin, 'docker'), 0o755);
    vi.stubEnv('PATH', bin);
    vi.stubEnv('PUNCTUAL_LOCAL', undefined);
    return join(bin, 'calls');
  }

  it.each([
    ['an engine that answers', 'exit 0', 'localstack'],
    ['a client without an engine', '[ "$1" != info ]', 'ministack'],
    ['an engine without compose', '[ "$1" != compose ]', 'ministack'],
  ])('%s → %s', (_, script, backend) => {
    fakeDocker(script);
    expect(chooseBackend()).toBe(backend);
  });

  it('says how to do without when it is asked for and no engine answers', async () => {
    fakeDocker('exit 1');
    vi.stubEnv('PUNCTUAL_LOCAL', 'localstack');
    await expect(startLocalAws()).rejects.toThrow('start Docker, or set PUNCTUAL_LOCAL=ministack');
  });

  it('quotes compose when it fails, and takes down what it left', async () => {
    const calls = fakeDocker('case "$*" in *" up "*) echo "no such image" >&2; exit 1;; esac');
    await expect(startLocalAws({ port: await freePort() })).rejects.toThrow(/set PUNCTUAL_LOCAL=ministack:\n {2}no such image$/);
    const made = readFileSync(calls, 'utf8').trim().split('\n').slice(-2);
    const command = /^(\d+): compose --project-name punctual-\1 --file .*compose\.yaml /.source;
    expect(made[0]).toMatch(new RegExp(`${command}up --detach --wait$`));
    expect(made[1]).toMatch(new RegExp(`${command}down --volumes --timeout 5$`));
  });
});

describe('the port', () => {
  it('says who has it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const found = spawnSync('lsof', ['-v']).error === undefined ? ` by .+ \\(process ${process.pid}\\)` : '';
    await expect(claimPort(port)).rejects.toThrow(new RegExp(`^Port ${port} is already in use${found}: stop that, or .* --port\\.$`));
  });
});
