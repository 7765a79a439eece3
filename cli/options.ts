import { InvalidArgumentError, Option } from 'commander';
import type { DateInput } from '../client/prepareDates.ts';
import { STATES } from '../core/task.ts';
import type { Moments } from './moments.ts';

/** The app that a command is about. */
export const APP_OPTION = ['--app <app>', 'the app, such as billing'] as const;
/** For what touches more than one task. */
export const YES_OPTION = ['-y, --yes', 'do it without asking'] as const;
export const DRY_RUN_OPTION = ['--dry-run', 'only say what would be done'] as const;

export const stateOption = (): Option => new Option('--state <state>', 'only tasks in this state (default scheduled)').choices(STATES);
export const priorityOption = (description: string): Option =>
  new Option('--priority <level>', description).choices(['high', 'medium', 'low']);

/** A help text's example. */
export const example = (...commands: readonly string[]): string =>
  `\nExample${commands.length > 1 ? 's' : ''}:\n${commands.map((command) => `  $ ${command}\n`).join('')}`;

/** Reads an option's value as a whole number. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };

/** The ends of a range of dates, as far as they are given. */
export function rangeOf(
  moments: Moments,
  { from, to }: { readonly from?: string; readonly to?: string },
): { from?: DateInput; to?: DateInput } {
  return {
    ...(from === undefined ? {} : { from: moments.read(from, '--from') }),
    ...(to === undefined ? {} : { to: moments.read(to, '--to') }),
  };
}
