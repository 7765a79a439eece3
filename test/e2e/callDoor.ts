import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** What a door answers, read as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: what a door answers is read as its callers read it.
export type Told = any;

/** Calls a door past the client; a text is sent as it is. @throws if the function itself failed: a door must answer */
export async function callDoor(lambda: LambdaClient, arn: string, request: unknown): Promise<Told> {
  const body = Buffer.from(typeof request === 'string' ? request : JSON.stringify(request));
  const { FunctionError, Payload } = await lambda.send(new InvokeCommand({ FunctionName: arn, Payload: body }));
  const text = Buffer.from(Payload ?? []).toString('utf8');
  if (FunctionError !== undefined) throw new Error(`the door failed (${FunctionError}): ${text}`);
  return JSON.parse(text);
}
