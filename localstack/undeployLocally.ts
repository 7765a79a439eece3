import { DeleteBucketCommand, DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { clientsFor } from './clientsFor.ts';
import { deleteStack } from './createStack.ts';
import { type Deployment, stacksOf } from './deployLocally.ts';
import type { Asset } from './readAssembly.ts';

/**
 * Deletes what `deployLocally` made from the same assembly, stacks in reverse order, then assets and buckets that are empty.
 * What is not there is no error. (Ending an instance of ours needs none of this: it keeps nothing.)
 * @throws LocalAwsError naming the resource that could not be deleted and why.
 */
export async function undeployLocally(deployment: Deployment): Promise<void> {
  const { aws, log = () => {} } = deployment;
  const clients = clientsFor(aws);
  try {
    const stacks = await stacksOf(deployment, clients);
    for (const stack of stacks.toReversed()) {
      await deleteStack(clients.cloudFormation, stack.name);
      log(`Deleted ${stack.name}`);
    }
    const assets = stacks.flatMap((stack) => stack.assets);
    await deleteAssets(clients.s3, assets);
  } finally {
    clients.close();
  }
}

async function deleteAssets(s3: S3Client, assets: readonly Asset[]): Promise<void> {
  for (const { bucket, key } of assets) await unless('NoSuchBucket', s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })));
  for (const bucket of new Set(assets.map((asset) => asset.bucket))) {
    await unless('BucketNotEmpty', unless('NoSuchBucket', s3.send(new DeleteBucketCommand({ Bucket: bucket }))));
  }
}

async function unless(name: string, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if ((error as Error).name !== name) throw error;
  }
}
