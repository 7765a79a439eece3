import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalAwsError } from './localAws.ts';

/** A CloudFormation template, as JSON. */
export interface Template {
  Parameters?: Record<string, { Type: string; Default?: string }>;
  Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
  [section: string]: unknown;
}

/** A stack of a cloud assembly. */
export interface Stack {
  name: string;
  /** The template's text as it was synthesized, to the byte. */
  body: string;
  template: Template;
  tags: Record<string, string>;
  assets: Asset[];
}

/** A file, or a folder to be zipped, and where its stack's template looks for it. */
export interface Asset {
  path: string;
  packaging: 'file' | 'zip';
  bucket: string;
  key: string;
}

interface Artifact {
  type: string;
  dependencies?: string[];
  properties?: { templateFile?: string; stackName?: string; tags?: Record<string, string>; file?: string };
}

interface AssetManifest {
  files?: Record<
    string,
    {
      source: { path?: string; packaging?: 'file' | 'zip' };
      destinations: Record<string, { bucketName: string; objectKey: string }>;
    }
  >;
}

/**
 * The stacks of a CDK cloud assembly (`cdk.out`), each after those that it depends on.
 * @param wanted names of stacks; those that they depend on come along. @default all
 * @param place what stands for `${AWS::AccountId}` and `${AWS::Region}` in asset locations.
 * @throws LocalAwsError when the folder is no assembly, or a wanted stack is not in it.
 */
export function readAssembly(folder: string, place: { account: string; region: string }, wanted?: readonly string[]): Stack[] {
  if (!existsSync(join(folder, 'manifest.json'))) throw new LocalAwsError(`${folder} is no CDK cloud assembly: run npm run synth first.`);
  const { artifacts = {} } = readJson<{ artifacts?: Record<string, Artifact> }>(join(folder, 'manifest.json'));
  const nameOf = (id: string) => artifacts[id]?.properties?.stackName ?? id;
  const ids = Object.keys(artifacts).filter((id) => artifacts[id]?.type === 'aws:cloudformation:stack');
  const unknown = wanted?.find((name) => !ids.some((id) => nameOf(id) === name));
  if (unknown !== undefined) throw new LocalAwsError(`${folder} has no stack ${unknown}, but: ${ids.map(nameOf).join(', ')}.`);
  const ordered: string[] = [];
  for (const id of ids) if (!wanted || wanted.includes(nameOf(id))) visit(id, artifacts, ordered);
  return ordered.filter((id) => ids.includes(id)).map((id) => readStack(folder, nameOf(id), artifacts[id], artifacts, place));
}

/** Depth first: what an artifact depends on, then itself. (An assembly has no cycles.) */
function visit(id: string, artifacts: Record<string, Artifact>, ordered: string[]): void {
  if (ordered.includes(id)) return;
  for (const before of artifacts[id]?.dependencies ?? []) visit(before, artifacts, ordered);
  ordered.push(id);
}

function readStack(
  folder: string,
  name: string,
  artifact: Artifact | undefined,
  artifacts: Record<string, Artifact>,
  place: { account: string; region: string },
): Stack {
  const body = readFileSync(join(folder, artifact?.properties?.templateFile ?? `${name}.template.json`), 'utf8');
  const manifests = (artifact?.dependencies ?? []).flatMap((id) => {
    const { type, properties } = artifacts[id] ?? {};
    return type === 'cdk:asset-manifest' && properties?.file ? [join(folder, properties.file)] : [];
  });
  const assets = manifests.flatMap((file) => readAssets(folder, file, place));
  return { name, body, template: JSON.parse(body) as Template, tags: artifact?.properties?.tags ?? {}, assets };
}

function readAssets(folder: string, file: string, place: { account: string; region: string }): Asset[] {
  const resolve = (text: string) => text.replace(/\$\{AWS::AccountId\}/g, place.account).replace(/\$\{AWS::Region\}/g, place.region);
  return Object.values(readJson<AssetManifest>(file).files ?? {}).flatMap(({ source, destinations }) =>
    Object.values(destinations).map(({ bucketName, objectKey }) => {
      if (source.path === undefined) throw new LocalAwsError(`${file} has an asset that is made by a command: use file and folder assets.`);
      const packaging = source.packaging ?? 'file';
      return { path: join(folder, source.path), packaging, bucket: resolve(bucketName), key: resolve(objectKey) };
    }),
  );
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
