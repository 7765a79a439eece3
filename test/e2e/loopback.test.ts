import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, inject, it } from 'vitest';

const { endpoint, backend } = inject('localAws');
const { port } = new URL(endpoint);
/** The addresses by which other machines, and web pages that name them, could come. */
const outside = Object.values(networkInterfaces()).flatMap((own = []) => own.filter(({ internal }) => !internal));

async function answers(host: string): Promise<boolean> {
  const socket = connect({ host, port: Number(port), timeout: 2_000 });
  socket.once('timeout', () => socket.destroy(new Error('nobody answers')));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

it.runIf(backend !== 'endpoint')('the local AWS answers on the loopback interface and on no other', async () => {
  expect(await answers('127.0.0.1')).toBe(true);
  const reached = await Promise.all(
    outside.map(async ({ address, scopeid }) => ((await answers(scopeid ? `${address}%${scopeid}` : address)) ? [address] : [])),
  );
  expect(reached.flat()).toEqual([]);
});
