import type { Command } from 'commander';
import { Call, type CommonOptions } from './Call.ts';
import { EXIT, type Exit } from './failure.ts';
import type { Shell } from './Shell.ts';

/** What a command does; without an exit code all went well. */
type Carry<O> = (call: Call, options: O, args: readonly string[]) => Promise<Exit | undefined> | Promise<void>;

/** Makes what commander calls for a command of what the command does. */
export type Handle = <O extends object>(carry: Carry<O>) => (...given: unknown[]) => Promise<void>;

/** @param ended is told the exit code */
export const handleFor =
  (shell: Shell, ended: (exit: Exit) => void): Handle =>
  (carry) =>
  async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals();
    const exit = await carry(new Call(shell, options as CommonOptions), options as never, command.args);
    ended(exit ?? EXIT.ok);
  };
