import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseBackend } from './chooseBackend.ts';
import { startLocalStack } from './docker.ts';
import { useEndpoint } from './endpoint.ts';
import type { LocalAws } from './localAws.ts';
import { startMiniStack } from './ministack.ts';

/** Everything local that is made at run time: the virtual environment, the instances, the state of `npm run local`. Git-ignored. */
export const PUNCTUAL_FOLDER = join(dirname(dirname(fileURLToPath(import.meta.url))), '.punctual');

/** What `startLocalAws` is told. */
export interface LocalAwsOptions {
  /** The port to answer on; no matter for an endpoint that is already there. @default 'free' */
  port?: number | 'free';
  /** Called with each line of progress. @default silent */
  log?: (line: string) => void;
  /** True: it ends with this process, however that ends. @default true */
  attended?: boolean;
}

/**
 * A local AWS: what `AWS_ENDPOINT_URL` names, else LocalStack by Docker, else MiniStack (`PUNCTUAL_LOCAL` forces one).
 * Several may run side by side on different ports. An instance of ours is empty at its start and keeps nothing.
 * @throws LocalAwsError, one sentence that says what to do.
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const { port = 'free', log = () => {}, attended = true } = options;
  switch (chooseBackend()) {
    case 'endpoint':
      return useEndpoint();
    case 'localstack':
      return startLocalStack(port, attended, log);
    case 'ministack':
      return startMiniStack({ port, folder: PUNCTUAL_FOLDER, attended, log });
  }
}
