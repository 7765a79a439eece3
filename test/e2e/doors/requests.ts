import { expect } from 'vitest';
import { TASK_ID } from '../../../contract/limits.ts';

export const HOUR = 3_600_000;
export const NO_TASK = `billing/${'a'.repeat(22)}`;
export const id = expect.stringMatching(TASK_ID);
export const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

let count = 0;
export const newKey = () => `key-${++count}`;
/** A task that stays where it is. */
export const task = (parts: object = {}) => ({ name: 'work', idempotencyKey: newKey(), delayMs: HOUR, ...parts });
export const enqueue = (parts: object = {}) => ({ v: 1, action: 'enqueue', ...task(parts) });
export const batch = (tasks: unknown) => ({ v: 1, action: 'enqueueBatch', tasks });
export const without = (field: string, request: object) => Object.fromEntries(Object.entries(request).filter(([key]) => key !== field));
/** JSON that no JavaScript value becomes, put in the place of "HERE". */
export const raw = (request: object, json: string) => JSON.stringify(request).replace('"HERE"', json);
export const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
/** A timeline that tells this. */
export const told = (...texts: string[]) => texts.map((text) => ({ at: instant, text }));
