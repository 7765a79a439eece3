import { askHealth } from './health.ts';
import { environmentFor, LOCAL_REGION, type LocalAws, LocalAwsError } from './localAws.ts';

/**
 * Uses what already answers at `AWS_ENDPOINT_URL`, with the region and keys of the environment where it has them.
 * @throws LocalAwsError when it is not set, is AWS itself (nothing local may be tried out there), or does not answer.
 */
export async function useEndpoint(environment: NodeJS.ProcessEnv = process.env): Promise<LocalAws> {
  const endpoint = environment.AWS_ENDPOINT_URL?.replace(/\/+$/, '');
  if (!endpoint) throw new LocalAwsError('PUNCTUAL_LOCAL=endpoint needs AWS_ENDPOINT_URL: set it to where a local AWS answers.');
  if (/(^|\.)amazonaws\.com(\.cn)?$/.test(hostOf(endpoint))) {
    throw new LocalAwsError(`AWS_ENDPOINT_URL is AWS itself (${endpoint}): unset it, or set it to where a local AWS answers.`);
  }
  const health = await askHealth(endpoint);
  if (!health) throw new LocalAwsError(`Nothing answers at AWS_ENDPOINT_URL=${endpoint}: start it there, or unset AWS_ENDPOINT_URL.`);
  const region = environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? LOCAL_REGION;
  const env = environmentFor(endpoint, region);
  for (const name of Object.keys(env)) env[name] = name === 'AWS_ENDPOINT_URL' ? endpoint : (environment[name] ?? env[name] ?? '');
  return { endpoint, region, backend: 'endpoint', ...health, env, stop: async () => {} };
}

function hostOf(endpoint: string): string {
  try {
    return new URL(endpoint).hostname;
  } catch {
    throw new LocalAwsError(`AWS_ENDPOINT_URL=${endpoint} is not a URL: set it to one such as http://127.0.0.1:4566, or unset it.`);
  }
}
