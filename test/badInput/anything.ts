import fc from 'fast-check';

/** Any text, the odd ones too: what objects inherit, control characters, halves of characters. */
export const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('', '__proto__', 'constructor', '\ud800', '\0', '-1', '1e999'),
);
/** Any JSON value, as its text is read: a number may be -0, or infinite. */
export const json = fc.oneof(
  fc.jsonValue(),
  text,
  fc.double(),
  fc.constantFrom(null, -0, 0, -1, 1.5, 2 ** 53, Number.POSITIVE_INFINITY, [], {}, true, Date.now()),
);

/** A right request with one field, at any depth, that is anything; or one more field. */
export const nearly = (requests: readonly object[]): fc.Arbitrary<unknown> =>
  fc.constantFrom(...requests.map((request) => ({ v: 1, ...request }))).chain((request) => {
    const paths = pathsOf(request);
    const replaced = fc.tuple(fc.constantFrom(...paths), json).map(([path, value]) => withValue(request, path, value));
    return fc.oneof(
      { weight: 9, arbitrary: replaced },
      fc.tuple(text, json).map(([name, value]) => ({ ...request, [name]: value })),
    );
  });

const pathsOf = (value: unknown, path: readonly string[] = []): string[][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, part]) => [[...path, key], ...pathsOf(part, [...path, key])])
    : [];

function withValue(whole: unknown, [key = '', ...rest]: readonly string[], value: unknown): unknown {
  const part = rest.length === 0 ? value : withValue((whole as Record<string, unknown>)[key], rest, value);
  return Array.isArray(whole) ? whole.map((one, i) => (String(i) === key ? part : one)) : { ...(whole as object), [key]: part };
}
