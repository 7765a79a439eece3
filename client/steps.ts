import type { Fields } from './check.ts';
import { unexpected } from './Door.ts';

/** Asks step by step, each from where the one before ended, until the last. */
export async function* steps(ask: (cursor: { readonly cursor?: string }) => Promise<Fields>): AsyncGenerator<Fields, void> {
  for (let cursor: string | undefined; ; ) {
    const answer: Fields = await ask(cursor === undefined ? {} : { cursor });
    yield answer;
    const next = cursorOf(answer);
    if (next === undefined) return;
    // A step that leads nowhere would be asked for for ever.
    if (next === cursor) throw unexpected('a step further');
    cursor = next;
  }
}

function cursorOf({ cursor }: Fields): string | undefined {
  if (cursor !== undefined && typeof cursor !== 'string') throw unexpected('a cursor that is a text');
  return cursor;
}
