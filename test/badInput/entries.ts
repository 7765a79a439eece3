/** All kinds of bad input that there must be a case of. What is odd but right is among them: it must be taken as it is. */
export const ENTRIES = [
  // Sizes.
  'payload over the limit in bytes',
  'payload over the limit in bytes, not in characters',
  'an item of 400 KB',
  'a key of 2,048 bytes',
  'nesting over 32',
  'a batch of 0',
  'a batch of 101',
  'a batch of 10,000',
  // Numbers.
  'NaN',
  'Infinity',
  '-Infinity',
  '-0',
  'over 2^53',
  'BigInt',
  '38 digits',
  // Texts.
  'empty',
  'whitespace only',
  '10 MB',
  'NUL and control characters',
  'a lone surrogate',
  'RTL',
  'emoji',
  'NFC and NFD twins',
  '# / | in a name',
  '# / | in a key',
  // Objects.
  '__proto__',
  'constructor',
  'a cycle',
  'a Date',
  'a Map',
  'a Buffer',
  'undefined',
  'a getter that throws',
  'toJSON',
  // Time.
  'the past',
  'now',
  '+100 years',
  'year 0',
  'year 9999',
  'year 10000',
  'seconds for milliseconds',
  'Invalid Date',
  '24:00',
  'second 60',
  '29 February',
  'local time without zone',
  'an unknown zone',
  'a gap',
  'a fold',
  'a deadline before the date',
  // Flow.
  'an unknown priority',
  'a priority in another case',
  'maxAttempts 0',
  'maxAttempts 1',
  'maxAttempts 1e9',
  'a lease of 0',
  'a negative lease',
  'a huge lease',
  'the same key 50 times at once',
  'complete twice',
  'a report after expiry',
  'cancel during a claim',
  'replay of a waiting task',
] as const;
export type Entry = (typeof ENTRIES)[number];

/** One input by each of the three ways in; a way that cannot carry it is left out. */
export interface Case {
  readonly entry: Entry;
  /** The field that must be named; undefined: it is right, and must be taken. */
  readonly field?: string;
  /** A part of what must be said to have been found. */
  readonly got?: string;
  /** Fields of a task as JavaScript gives them to the client. */
  readonly client?: object;
  /** Fields of a request as JSON gives them to the door: an object, or text to stand behind the others. */
  readonly door?: object | string;
  /** Flags behind those of a good command. */
  readonly cli?: readonly string[];
  /** A file of tasks, on standard input, in which all are bad. */
  readonly file?: string;
  /** By the command line it is another field. */
  readonly flag?: string;
}
