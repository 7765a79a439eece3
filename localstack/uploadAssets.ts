import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type Zippable, zipSync } from 'fflate';
import type { Asset } from './readAssembly.ts';

const NO_TIME = new Date('1980-01-01T00:00:00');

/**
 * Puts each asset in the bucket and under the key where the template looks for it, so that no template need be rewritten;
 * makes the buckets, and leaves what is there already (keys are hashes of the content).
 */
export async function uploadAssets(s3: S3Client, assets: readonly Asset[]): Promise<void> {
  for (const bucket of new Set(assets.map((asset) => asset.bucket))) await makeBucket(s3, bucket);
  const byPlace = new Map(assets.map((asset) => [`${asset.bucket}/${asset.key}`, asset]));
  await Promise.all([...byPlace.values()].map((asset) => upload(s3, asset)));
}

async function upload(s3: S3Client, { path, packaging, bucket, key }: Asset): Promise<void> {
  if (await isThere(s3, bucket, key)) return;
  const body = packaging === 'zip' ? zipFolder(path) : readFileSync(path);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

async function makeBucket(s3: S3Client, bucket: string): Promise<void> {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if ((error as Error).name !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

async function isThere(s3: S3Client, bucket: string, key: string): Promise<boolean> {
  try {
    await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return true;
  } catch {
    return false;
  }
}

/** The folder's files as a zip archive; the same files give the same bytes. */
function zipFolder(folder: string): Uint8Array {
  const files: Zippable = {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of entries.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    files[relative(folder, file).split(sep).join('/')] = readFileSync(file);
  }
  return zipSync(files, { level: 1, mtime: NO_TIME });
}
