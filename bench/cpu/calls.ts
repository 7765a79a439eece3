import type { Ground } from './ground.ts';

interface Client {
  send(command: object): Promise<unknown>;
}

/** A call as it was made. */
interface Call {
  readonly command: { readonly input: object; readonly constructor: unknown };
  /** How many calls of its service had been answered by then. */
  readonly after: number;
}

/** The calls of one service in the order in which they were made, and in which they were answered. */
interface Service {
  readonly name: keyof Ground['clients'];
  readonly calls: Call[];
  readonly answered: number[];
}

export interface Recording {
  readonly services: readonly Service[];
  readonly count: number;
}

/** Does `work`, and answers every call that it made. */
export async function record(clients: Ground['clients'], work: () => Promise<unknown>): Promise<Recording> {
  const services: Service[] = [];
  const stops = Object.entries(clients).map(([name, client]) => {
    const service: Service = { name: name as Service['name'], calls: [], answered: [] };
    services.push(service);
    return listen(client as unknown as Client, (command) => {
      const index = service.calls.push({ command, after: service.answered.length }) - 1;
      return () => service.answered.push(index);
    });
  });
  await work();
  for (const stop of stops) stop();
  return { services, count: services.reduce((sum, { calls }) => sum + calls.length, 0) };
}

/** Hears of each call of a client, and of its answer. The answer of `listen` ends it. */
export function listen(client: Client, made: (command: Call['command']) => () => unknown): () => void {
  const { send } = client;
  client.send = (command) => {
    const answered = made(command as Call['command']);
    return send.call(client, command).finally(answered);
  };
  return () => {
    client.send = send;
  };
}

/**
 * The bare loop: the very same calls by the SDK's clients and nothing else. Each is made as soon as those of its service are
 * answered that were answered when it was made: so no more and no fewer are under way at once. No service waits for another.
 */
export async function repeat({ services }: Recording, clients: Ground['sdk']): Promise<void> {
  await Promise.all(
    services.map(async ({ name, calls, answered }) => {
      const client = clients[name] as unknown as Client;
      const answers: Promise<unknown>[] = [];
      let awaited = 0;
      for (const { command, after } of calls) {
        for (; awaited < after; awaited++) await answers[answered[awaited] ?? 0];
        answers.push(client.send(anew(command)));
      }
      await Promise.all(answers);
    }),
  );
}

const anew = (command: Call['command']): object => new (command.constructor as new (input: object) => object)(command.input);
