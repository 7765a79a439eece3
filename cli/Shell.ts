import type { OperatorOptions } from '../client/PunctualOperator.ts';

/** What a command has of the world around it; the tests give another. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person is there to be asked. */
  readonly isTerminal: boolean;
  /** IANA zone of this machine. */
  readonly timeZone: string;
  /** A text to standard output: the result, and nothing else. */
  readonly out: (text: string) => void;
  /** A text to standard error: progress, questions and what went wrong. */
  readonly err: (text: string) => void;
  /** All of standard input. */
  readonly input: () => Promise<string>;
  /** Whether the answer is yes. */
  readonly ask: (question: string) => Promise<boolean>;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Aborted by Ctrl-C, and when nobody reads any more. */
  readonly signal: AbortSignal;
  /** Values of SSM parameters by name; those that do not exist are left out. */
  readonly parameters: (names: readonly string[], region: string | undefined) => Promise<ReadonlyMap<string, string>>;
  /** The SDK client that doors are called by. @default one of the door's own */
  readonly lambda?: OperatorOptions['lambda'];
}
