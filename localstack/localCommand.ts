import { Command, InvalidArgumentError } from 'commander';
import { chooseBackend } from './chooseBackend.ts';
import { startLocalStack, stopLocalStack } from './docker.ts';
import { useEndpoint } from './endpoint.ts';
import { currentInstance, forgetInstance, type Instance, rememberInstance } from './instance.ts';
import { environmentFor, type LocalAws, LocalAwsError, USUAL_PORT } from './localAws.ts';
import { instanceFolder, startMiniStack, stopMiniStack } from './ministack.ts';

/** Where `npm run local` keeps things, and where its words go. */
export interface Surroundings {
  folder: string;
  /** A line of the answer (standard output). */
  say: (line: string) => void;
  /** A line of progress (standard error). */
  log: (line: string) => void;
}

/** The command `npm run local -- up | down | status | env`: one local AWS that outlives the command. */
export function localCommand(around: Surroundings): Command {
  const command = new Command('npm run local --').description('A local AWS in the background.');
  command
    .command('up')
    .description('start it')
    .option('--port <port>', 'the port it answers on', toPort, USUAL_PORT)
    .action(({ port }: { port: number }) => up(around, port));
  command
    .command('down')
    .description('stop it; it keeps nothing')
    .action(() => down(around));
  command
    .command('status')
    .description('say what runs')
    .action(() => status(around));
  command
    .command('env')
    .description('print the environment for it: eval "$(npm run --silent local -- env)"')
    .action(() => printEnvironment(around));
  return command;
}

async function up({ folder, say, log }: Surroundings, port: number): Promise<void> {
  const there = await currentInstance(folder);
  if (there) return say(`Already up: ${describe(there)}.`);
  const backend = chooseBackend();
  if (backend === 'endpoint') return say(`Nothing to start: AWS_ENDPOINT_URL=${(await useEndpoint()).endpoint} answers already.`);
  const aws: LocalAws & { pid?: number } =
    backend === 'localstack' ? await startLocalStack(port, false, log) : await startMiniStack({ port, folder, attended: false, log });
  const instance: Instance = {
    backend,
    port,
    endpoint: aws.endpoint,
    region: aws.region,
    ...(aws.pid === undefined ? {} : { pid: aws.pid }),
  };
  rememberInstance(folder, instance);
  say(`Up: ${describe(instance)}.`);
}

async function down({ folder, say }: Surroundings): Promise<void> {
  const there = await currentInstance(folder);
  if (!there) return say('Nothing is up.');
  if (there.pid === undefined) stopLocalStack(there.port);
  else await stopMiniStack(there.pid, instanceFolder(folder, there.port));
  forgetInstance(folder);
  say(`Down: ${describe(there)}.`);
}

async function status({ folder, say }: Surroundings): Promise<void> {
  const there = await currentInstance(folder);
  say(there ? `Up: ${describe(there)}.` : 'Nothing is up: npm run local -- up starts it.');
}

async function printEnvironment({ folder, say }: Surroundings): Promise<void> {
  const there = await currentInstance(folder);
  if (!there) throw new LocalAwsError('Nothing is up: start it with npm run local -- up.');
  for (const [name, value] of Object.entries(environmentFor(there.endpoint, there.region))) say(`export ${name}=${value}`);
}

function describe({ backend, endpoint, pid }: Instance): string {
  return `${backend} at ${endpoint}${pid === undefined ? '' : ` (process ${pid})`}`;
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('It is a number from 1 to 65535.');
  return port;
}
