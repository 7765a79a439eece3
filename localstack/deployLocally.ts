import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { type Clients, clientsFor } from './clientsFor.ts';
import { createStack } from './createStack.ts';
import type { LocalAws } from './localAws.ts';
import { mendForEmulator } from './mendForEmulator.ts';
import { readAssembly, type Stack } from './readAssembly.ts';
import { uploadAssets } from './uploadAssets.ts';

/** What `deployLocally` and `undeployLocally` are told. */
export interface Deployment {
  aws: Omit<LocalAws, 'stop'>;
  /** A CDK cloud assembly, e.g. `cdk.out`. */
  templateDir: string;
  /** Names of stacks; those that they depend on come along. @default all of the assembly */
  stacks?: readonly string[];
  /** Called with each line of progress. @default silent */
  log?: (line: string) => void;
}

/** The outputs of stacks, by stack name and output key. */
export type Outputs = Record<string, Record<string, string>>;

/**
 * Deploys synthesized stacks to a fresh local AWS, each after those it depends on, byte for byte as they were synthesized;
 * no bootstrap is needed. Afterwards what the emulator ignored is mended (`mendForEmulator`).
 * @throws LocalAwsError naming the resource that failed and why.
 */
export async function deployLocally(deployment: Deployment): Promise<Outputs> {
  const { aws, log = () => {} } = deployment;
  const clients = clientsFor(aws);
  try {
    const outputs: Outputs = {};
    const stacks = await stacksOf(deployment, clients);
    for (const stack of stacks) {
      const started = performance.now();
      outputs[stack.name] = await deploy(aws, clients, stack);
      log(
        `Deployed ${stack.name} (${Object.keys(stack.template.Resources).length} resources, ${Math.round(performance.now() - started)} ms)`,
      );
    }
    await mendForEmulator(aws, clients, stacks);
    return outputs;
  } finally {
    clients.close();
  }
}

/** The stacks that a deployment means, in the order of their dependencies. */
export async function stacksOf({ aws, templateDir, stacks }: Deployment, clients: Clients): Promise<Stack[]> {
  const { Account = '000000000000' } = await clients.sts.send(new GetCallerIdentityCommand({}));
  return readAssembly(templateDir, { account: Account, region: aws.region }, stacks);
}

async function deploy(aws: Omit<LocalAws, 'stop'>, clients: Clients, stack: Stack): Promise<Record<string, string>> {
  await uploadAssets(clients.s3, stack.assets);
  await pretendBootstrap(clients.ssm, stack);
  const made = await createStack(clients.cloudFormation, stack, templateUrl(aws, stack));
  return Object.fromEntries((made.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** The default synthesizer's templates read the version of the bootstrap stack from SSM, and refuse one under 6. */
async function pretendBootstrap(ssm: SSMClient, stack: Stack): Promise<void> {
  const Name = stack.template.Parameters?.BootstrapVersion?.Default;
  if (Name) await ssm.send(new PutParameterCommand({ Name, Value: '30', Type: 'String', Overwrite: true }));
}

/** The CDK makes each template an asset, too. */
function templateUrl(aws: Omit<LocalAws, 'stop'>, stack: Stack): string | undefined {
  const asset = stack.assets.find(({ path }) => path.endsWith('.template.json'));
  return asset && `${aws.env.AWS_ENDPOINT_URL_S3 ?? aws.endpoint}/${asset.bucket}/${asset.key}`;
}
