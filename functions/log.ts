/** Facts of a log line. Never a payload, never an error's message that a worker sent. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Writes one line of JSON. */
export function log(level: 'INFO' | 'WARN' | 'ERROR', message: string, facts: Facts = {}): void {
  console.log(JSON.stringify({ level, message, ...facts, timestamp: new Date().toISOString() }));
}

/** What may be told of a caught error: its name and, from the SDK, the message without the request. A parser repeats what it read. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof SyntaxError ? error.name : `${error.name}: ${error.message.slice(0, 300)}`;
}
