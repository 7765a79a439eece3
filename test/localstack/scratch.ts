import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest';

/** Until the emulator's virtual environment is made, and what stands on it is up. */
export const INSTALLING_MS = 180_000;
export const silent = () => {};

let scratch: string;

/** Every test of the file takes MiniStack unless it asks for another, and leaves no file and no environment behind. */
export function useScratch(): void {
  beforeAll(() => {
    scratch = mkdtempSync(join(tmpdir(), 'punctual-local-'));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
  beforeEach(() => {
    vi.stubEnv('PUNCTUAL_LOCAL', 'ministack');
    vi.stubEnv('AWS_ENDPOINT_URL', undefined);
  });
  afterEach(() => vi.unstubAllEnvs());
}

/** A new folder within the file's own. */
export const folder = (): string => mkdtempSync(join(scratch, 'f-'));

export function write(file: string, content: unknown): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
}
