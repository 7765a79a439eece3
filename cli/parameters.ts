import { awsError } from '../client/awsError.ts';
import { usage } from './failure.ts';

/** Names in one call of GetParameters ("Amazon SSM API reference"). */
const NAMES_A_CALL = 10;
const TIMEOUTS = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };

/** Values of SSM parameters by name; those that do not exist are left out. @throws UnavailableError, AccessDeniedError */
export async function parameters(names: readonly string[], region: string | undefined): Promise<ReadonlyMap<string, string>> {
  // biome-ignore lint/style/noRestrictedImports: where the doors are is published in SSM; nothing else is read there.
  const { GetParametersCommand, SSMClient } = await import('@aws-sdk/client-ssm');
  const ssm = new SSMClient({ requestHandler: TIMEOUTS, ...(region === undefined ? {} : { region }) });
  const values = new Map<string, string>();
  try {
    for (let from = 0; from < names.length; from += NAMES_A_CALL) {
      const { Parameters = [] } = await ssm.send(new GetParametersCommand({ Names: names.slice(from, from + NAMES_A_CALL) }));
      for (const { Name, Value } of Parameters) if (Name !== undefined && Value !== undefined) values.set(Name, Value);
    }
  } catch (error) {
    // The SDK's own words for it.
    if ((error as Error).message === 'Region is missing') {
      throw usage("To look up the queue's name its region is needed: give --region, or set AWS_REGION.");
    }
    throw awsError(error, `the SSM parameters ${names.join(', ')}`, `ssm:GetParameters on them; or give the doors' ARNs instead`);
  } finally {
    ssm.destroy();
  }
  return values;
}
