import { shown } from './errors.ts';
import { LIMITS } from './limits.ts';

/** Why a value cannot be a payload: where, what stood there, and what is allowed there. */
export interface JsonProblem {
  readonly path: string;
  readonly got: string;
  readonly allowed: string;
}

const ALLOWED = 'a JSON value (null, boolean, finite number, string, array or plain object)';
const SAFE = 'a number that JSON carries exactly: finite, not -0, integers within ±(2^53 − 1); send others as strings';

/**
 * The first reason why `value` would not arrive as it was sent, if there is one: JSON would drop it (undefined, functions),
 * change it (Date, Map, NaN, −0, toJSON), lose its precision, or never end (cycles).
 * Reads own enumerable properties once; throwing getters are reported, not thrown.
 */
export function jsonProblem(value: unknown, path = 'payload', depth = 0): JsonProblem | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return isExact(value) ? undefined : { path, got: shown(value), allowed: SAFE };
    case 'object':
      return value === null ? undefined : containerProblem(value, path, depth);
    default:
      return { path, got: typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`, allowed: ALLOWED };
  }
}

const isExact = (value: number): boolean =>
  Number.isFinite(value) && !Object.is(value, -0) && (!Number.isInteger(value) || Number.isSafeInteger(value));

function containerProblem(value: object, path: string, depth: number): JsonProblem | undefined {
  if (depth >= LIMITS.payloadDepth) {
    return { path, got: 'a deeper level (or a cycle)', allowed: `at most ${LIMITS.payloadDepth} levels of arrays and objects` };
  }
  if (!isPlain(value)) return { path, got: `a ${value.constructor?.name || 'class instance'}`, allowed: ALLOWED };
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const problem = jsonProblem(value[index], `${path}[${index}]`, depth + 1);
      if (problem) return problem;
    }
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const field = `${path}.${key}`;
    const read = readProperty(value as Record<string, unknown>, key);
    if (!read.ok) return { path: field, got: 'a getter that throws', allowed: ALLOWED };
    if (key === 'toJSON' && typeof read.value === 'function') return { path: field, got: 'a toJSON method', allowed: 'plain data' };
    const problem = jsonProblem(read.value, field, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function readProperty(value: Record<string, unknown>, key: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: value[key] };
  } catch {
    return { ok: false };
  }
}
