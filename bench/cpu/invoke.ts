import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ENV } from '../../contract/environment.ts';
import { type Ground, TABLE } from './ground.ts';

const LAMBDA = fileURLToPath(new URL('./lambda.mjs', import.meta.url));
/** What the stack gives the dispatcher. */
export const MEMORY_MB = 256;
/** How Lambda's own Node is told of that: a tenth is for what is new, in two halves, the rest for what stays. */
const NODE_OPTIONS = [
  '--expose-gc',
  `--max-semi-space-size=${Math.floor(MEMORY_MB / 20)}`,
  `--max-old-space-size=${Math.floor(MEMORY_MB * 0.9)}`,
];
/** As a tick has it: 100 s for its stay, and what it keeps for its end. */
const REMAINING_MS = 115_000;

/** What an invocation took, in bytes, and what it says that it did. */
export interface Invoked {
  readonly peakRss: number;
  readonly heapUsed: number;
  readonly claimed: number;
  readonly published: number;
}

/** One invocation of the bundle upon the ground. */
export async function invoke(bundle: string, { endpoints }: Ground): Promise<Invoked> {
  const child = fork(LAMBDA, [bundle, String(REMAINING_MS)], {
    execArgv: NODE_OPTIONS,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: endpoints.others,
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamo,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MB),
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      [ENV.queue]: 'queue',
      [ENV.table]: TABLE,
      [ENV.bus]: 'bus',
    },
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = once(child, 'close');
  const measured = await Promise.race([once(child, 'message'), ended.then(() => [])]);
  const [code] = await ended;
  if (code !== 0 || measured.length === 0) throw new Error(`the dispatcher's process ended with ${code}: ${said.slice(-2_000)}`);
  const { claimed, published } = JSON.parse(said.trim().split('\n').at(-1) ?? '{}');
  return { ...measured[0], claimed, published };
}
