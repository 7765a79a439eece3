import { AccessDeniedError, type PunctualError, UnavailableError } from './errors.ts';

/**
 * What the AWS SDK threw, in the client's words: denied by IAM, or unavailable. The SDK has retried by itself what is worth
 * it. Refusals by AWS other than throttling (a resource that does not exist, credentials that are not valid) are not retryable.
 *
 * @param what the resource, such as `the submit door arn:…`
 * @param grant what would let this identity in
 */
export function awsError(cause: unknown, what: string, grant: string): PunctualError {
  const { name = 'Error', message = '', status } = partsOf(cause);
  if (name.startsWith('AccessDenied')) {
    return new AccessDeniedError(`This identity may not use ${what}. Grant it: ${grant}.`, { cause });
  }
  const refused = status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
  const retryable = !refused || /throttl|toomanyrequests/i.test(name);
  return new UnavailableError(`Could not reach ${what}: ${name}: ${message}`, { cause, retryable });
}

function partsOf(cause: unknown): { name?: string; message?: string; status?: number } {
  if (!(cause instanceof Error)) return {};
  const status = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  return { name: cause.name, message: cause.message, ...(status === undefined ? {} : { status }) };
}
