/** Something that answers like AWS on this machine, as `startLocalAws` hands it out. */
export interface LocalAws {
  /** Where it answers, e.g. `http://127.0.0.1:4566`. */
  endpoint: string;
  region: string;
  /** How it was come by: found under `AWS_ENDPOINT_URL`, or started by us. */
  backend: Backend;
  /** What answers there; `endpoint` may be any of the two emulators, or something unknown. */
  emulator: Emulator;
  /** True when a call without a policy that allows it is refused. */
  enforcesIam: boolean;
  /** What a process needs in its environment to use it with any AWS SDK: endpoint, region and root's keys. */
  env: Record<string, string>;
  /** Ends what `startLocalAws` started, Lambda processes included; nothing for an endpoint that was there before. May be called twice. */
  stop(): Promise<void>;
}

/** The three ways to a local AWS, in the order in which they are tried. */
export type Backend = 'endpoint' | 'localstack' | 'ministack';

/** What answers at an endpoint. */
export type Emulator = 'ministack' | 'localstack' | 'unknown';

/** The region of everything local, unless `AWS_REGION` comes with an `AWS_ENDPOINT_URL`. */
export const LOCAL_REGION = 'eu-west-1';

/** The port that LocalStack made a habit; `npm run local` uses it unless told otherwise. */
export const USUAL_PORT = 4566;

/** A failure that is the reader's to solve: its message is one sentence that says what to do. */
export class LocalAwsError extends Error {
  override name = 'LocalAwsError';
}

/** The environment for an emulator at `endpoint`. Both emulators take the keys `test`/`test` for root's. */
export function environmentFor(endpoint: string, region: string = LOCAL_REGION): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
}
