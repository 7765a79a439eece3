import { GetQueueAttributesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { mendResourcePolicy, type Policy } from './mendResourcePolicy.ts';

/**
 * Gaps: those of `mendResourcePolicy`, for a queue that has a policy. One that demands TLS refuses even to be mended over
 * HTTP, so this client says what a proxy says that ended TLS in front of the emulator; it is used for nothing else.
 */
export async function mendQueue(sqs: SQSClient, QueueUrl: string): Promise<void> {
  const sayTls = { step: 'build', name: 'sayTls', override: true } as const;
  sqs.middlewareStack.add((next) => (args) => next({ ...args, request: withTls(args.request) }), sayTls);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }));
  if (!Attributes?.Policy) return;
  const Policy = JSON.stringify(mendResourcePolicy(JSON.parse(Attributes.Policy) as Policy));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
}

function withTls(request: unknown): unknown {
  Object.assign((request as { headers: object }).headers, { 'x-forwarded-proto': 'https' });
  return request;
}
