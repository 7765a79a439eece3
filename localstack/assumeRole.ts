import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { LocalAws } from './localAws.ts';

/** Credentials as the SDK's clients take them. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** Root takes a role of a local AWS: what is called with the answer may do what the role may, and no more where IAM is enforced. */
export async function assumeRole(aws: Omit<LocalAws, 'stop'>, RoleArn: string): Promise<Credentials> {
  const credentials = { accessKeyId: aws.env.AWS_ACCESS_KEY_ID ?? 'test', secretAccessKey: aws.env.AWS_SECRET_ACCESS_KEY ?? 'test' };
  const sts = new STSClient({ region: aws.region, endpoint: aws.endpoint, credentials });
  try {
    const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'local' }));
    return {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
    };
  } finally {
    sts.destroy();
  }
}

/** The environment of a process that runs with these credentials. */
export const credentialsEnvironment = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials): Record<string, string> => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
  AWS_SESSION_TOKEN: sessionToken,
});
