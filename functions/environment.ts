import { ENV } from '../contract/environment.ts';

type SystemVariable = 'queue' | 'table' | 'bus' | 'dispatcher' | 'settings' | 'alerts' | 'operateName';

/** How many dispatchers there are. */
export const dispatchers = (): number => Number(process.env[ENV.dispatchers] ?? 1);

/** Which table was taken over, and by which stack; undefined: the queue has a table of its own. */
export const adoption = (): string | undefined => process.env[ENV.adoption] || undefined;

/**
 * A variable that the stack sets on the system's own functions.
 *
 * @throws if it is missing: the function was not deployed by the construct
 */
export function variable(name: SystemVariable): string {
  const value = process.env[ENV[name]];
  if (value === undefined || value === '')
    throw new Error(`The environment variable ${ENV[name]} is missing; deploy this function with TaskQueue.`);
  return value;
}
