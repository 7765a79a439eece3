import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';

/** A record on disk that outlives its writer: a line is there, whole, before the call that wrote it returns. */
export class Journal<Line> {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(line: Line): void {
    // The break goes before: a line that a killed writer left torn spoils no other.
    appendFileSync(this.#file, `\n${JSON.stringify(line)}`);
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** What stands in a journal; what was torn is as if it had not been written. */
export function linesOf<Line>(path: string): Line[] {
  if (!existsSync(path)) return [];
  const texts = readFileSync(path, 'utf8').split('\n');
  return texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as Line];
    } catch {
      return [];
    }
  });
}
