/**
 * Whether two templates say the same, whatever the order of their keys and wherever their assets lie.
 * An asset's place is what a build or an upload chooses (`S3Bucket` with `S3Key`, and the metadata `aws:asset:path`);
 * everything else counts.
 */
export function sameResources(a: unknown, b: unknown): boolean {
  return firstDifference(a, b) === undefined;
}

/** Where two templates first differ in the sense of `sameResources`, e.g. `Resources.Table.Properties`; undefined when they do not. */
export function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (!isRecord(a) || !isRecord(b)) return Object.is(a, b) ? undefined : path || '(everything)';
  if (Array.isArray(a) !== Array.isArray(b)) return path || '(everything)';
  const [left, right] = [withoutAssets(a), withoutAssets(b)];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const here = path ? `${path}.${key}` : key;
    if (!(key in left) || !(key in right)) return here;
    const below = firstDifference(left[key], right[key], here);
    if (below !== undefined) return below;
  }
  return undefined;
}

function withoutAssets(value: Record<string, unknown>): Record<string, unknown> {
  const asset = '(asset)';
  if ('S3Bucket' in value && 'S3Key' in value) return { ...value, S3Bucket: asset, S3Key: asset };
  if ('aws:asset:path' in value) return { ...value, 'aws:asset:path': asset };
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
