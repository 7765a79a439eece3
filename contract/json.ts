import { shortened, shown } from './errors.ts';
import { LIMITS } from './limits.ts';

/** Why a value cannot be a payload: where, what stood there, and what is allowed there. */
export interface JsonProblem {
  readonly path: string;
  readonly got: string;
  readonly allowed: string;
}

const ALLOWED = 'a JSON value (null, boolean, finite number, string, array or plain object)';
const SAFE = 'a number that JSON carries exactly: finite, not -0, integers within ±(2^53 − 1); send others as strings';
const PLAIN = 'plain data';
const WELL_FORMED = 'text in whole characters (no lone surrogates)';

/**
 * The first reason why `value` would not arrive as it was sent, if there is one: JSON would drop it (undefined, functions,
 * symbols), change it (Date, Map, NaN, −0, toJSON), lose its precision, or never end (cycles).
 * Never throws: what throws when it is read is reported.
 */
export function jsonProblem(value: unknown, path = 'payload'): JsonProblem | undefined {
  try {
    const problem = problemAt(value, path, 0);
    return problem && { ...problem, path: shortened(problem.path) };
  } catch {
    // A proxy may throw at any touch.
    return { path, got: 'an object that throws when it is read', allowed: ALLOWED };
  }
}

function problemAt(value: unknown, path: string, depth: number): JsonProblem | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'string':
      return isWellFormed(value) ? undefined : { path, got: 'a text with half a character (a lone surrogate)', allowed: WELL_FORMED };
    case 'number':
      return isExact(value) ? undefined : { path, got: shown(value), allowed: SAFE };
    case 'object':
      return value === null ? undefined : containerProblem(value, path, depth);
    default:
      return { path, got: typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`, allowed: ALLOWED };
  }
}

/** A lone surrogate is no character: it has no UTF-8, and other languages refuse or change it. */
export const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const isExact = (value: number): boolean =>
  Number.isFinite(value) && !Object.is(value, -0) && (!Number.isInteger(value) || Number.isSafeInteger(value));

function containerProblem(value: object, path: string, depth: number): JsonProblem | undefined {
  if (depth >= LIMITS.payloadDepth) {
    return { path, got: 'a deeper level (or a cycle)', allowed: `at most ${LIMITS.payloadDepth} levels of arrays and objects` };
  }
  if (!isPlain(value)) return { path, got: `a ${classOf(value)}`, allowed: ALLOWED };
  const read = readProperty(value, 'toJSON');
  if (read.ok && typeof read.value === 'function') return { path: `${path}.toJSON`, got: 'a toJSON method', allowed: PLAIN };
  if (Object.getOwnPropertySymbols(value).some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol))) {
    return { path, got: 'a property under a symbol', allowed: PLAIN };
  }
  return Array.isArray(value) ? arrayProblem(value, path, depth) : objectProblem(value, path, depth);
}

function arrayProblem(value: unknown[], path: string, depth: number): JsonProblem | undefined {
  for (let index = 0; index < value.length; index++) {
    const problem = propertyProblem(value, index, `${path}[${index}]`, depth);
    if (problem) return problem;
  }
  // There are no holes, and indexes come first among the keys: one more key is no index.
  const beside = Object.keys(value)[value.length];
  if (beside === undefined) return undefined;
  return { path: `${path}.${beside}`, got: 'a property beside the elements of an array', allowed: PLAIN };
}

function objectProblem(value: object, path: string, depth: number): JsonProblem | undefined {
  for (const key of Object.keys(value)) {
    if (!isWellFormed(key)) return { path, got: 'a key with half a character (a lone surrogate)', allowed: WELL_FORMED };
    const problem = propertyProblem(value, key, `${path}.${key}`, depth);
    if (problem) return problem;
  }
  return undefined;
}

function propertyProblem(value: object, key: string | number, path: string, depth: number): JsonProblem | undefined {
  const read = readProperty(value, key);
  return read.ok ? problemAt(read.value, path, depth + 1) : { path, got: 'a getter that throws', allowed: ALLOWED };
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** By the prototype: a property of the value itself could say anything, a part of the payload too. */
function classOf(value: object): string {
  const made = readProperty(Object.getPrototypeOf(value), 'constructor');
  const name = made.ok && typeof made.value === 'function' ? made.value.name : '';
  return typeof name === 'string' && name !== '' ? shortened(name) : 'class instance';
}

function readProperty(value: object, key: string | number): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: (value as Record<string | number, unknown>)[key] };
  } catch {
    return { ok: false };
  }
}
