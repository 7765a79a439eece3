import { readFile } from 'node:fs/promises';
import { usage } from './failure.ts';
import type { Shell } from './Shell.ts';

/** The payload that a flag gives: JSON, `@file`, or `-` for standard input. @throws CliError if it is not JSON */
export async function payloadOf(given: string, shell: Pick<Shell, 'input'>): Promise<unknown> {
  const text = await textOf(given, shell);
  try {
    return JSON.parse(text);
  } catch {
    // What stands there is not repeated: it could be anything.
    throw usage(
      `--payload must be JSON, such as '{"invoice":42}' (a text has quotes of its own: '"text"'), @file, or - for standard input.`,
    );
  }
}

async function textOf(given: string, shell: Pick<Shell, 'input'>): Promise<string> {
  if (given === '-') return shell.input();
  if (!given.startsWith('@')) return given;
  try {
    return await readFile(given.slice(1), 'utf8');
  } catch (error) {
    throw usage(`--payload names the file ${given.slice(1)}, which cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
