import type { StandardSchemaV1 } from '@standard-schema/spec';

/** What a schema says of a payload: its output, or what is wrong. */
export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      /** Where, such as `payload.lines[2].price`; never a value. */
      readonly paths: readonly string[];
      /** In the schema's own words, which may quote values. */
      readonly issues: readonly unknown[];
      /** What a schema threw instead of answering. */
      readonly cause?: unknown;
    };

/** Asks a schema, synchronous or not. A schema that throws refuses. */
export async function validatePayload(schema: StandardSchemaV1, value: unknown, field = 'payload'): Promise<Validated> {
  try {
    const result = await schema['~standard'].validate(value);
    if (!result.issues) return { ok: true, value: result.value };
    return { ok: false, paths: [...new Set(result.issues.map((issue) => pathOf(issue, field)))], issues: result.issues };
  } catch (cause) {
    return { ok: false, paths: [field], issues: [], cause };
  }
}

function pathOf(issue: StandardSchemaV1.Issue, field: string): string {
  const keys = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  return keys.reduce<string>((path, key) => (typeof key === 'number' ? `${path}[${key}]` : `${path}.${String(key)}`), field);
}
