import { dockerAnswers } from './docker.ts';
import { type Backend, LocalAwsError } from './localAws.ts';

const BACKENDS: readonly Backend[] = ['endpoint', 'localstack', 'ministack'];

/**
 * The endpoint that `AWS_ENDPOINT_URL` names, else LocalStack where a Docker engine answers, else MiniStack.
 * `PUNCTUAL_LOCAL` forces one of them.
 * @throws LocalAwsError when `PUNCTUAL_LOCAL` is none of the three.
 */
export function chooseBackend(environment: NodeJS.ProcessEnv = process.env, hasDocker: () => boolean = dockerAnswers): Backend {
  const forced = environment.PUNCTUAL_LOCAL;
  if (forced) {
    const backend = BACKENDS.find((one) => one === forced);
    if (!backend) throw new LocalAwsError(`PUNCTUAL_LOCAL=${forced} is unknown: set it to one of ${BACKENDS.join(', ')}, or unset it.`);
    return backend;
  }
  if (environment.AWS_ENDPOINT_URL) return 'endpoint';
  return hasDocker() ? 'localstack' : 'ministack';
}
