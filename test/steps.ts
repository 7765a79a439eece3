import { spawn } from 'node:child_process';

/** What came of a command: whether it succeeded, and how long it took. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
}

/** Runs a command of the project's own tools; its output is shown only if it fails. */
export function step(name: string, script: string, ...args: string[]): Promise<StepResult> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.stderr.on('data', (part: Buffer) => output.push(part));
    child.on('close', (code) => {
      const ms = Math.round(performance.now() - started);
      console.log(`${code === 0 ? '✓' : '✗'} ${name} (${(ms / 1000).toFixed(1)} s)`);
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      resolve({ name, ok: code === 0, ms });
    });
  });
}

export const format = () =>
  step('format, lint and layer rules', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.');
export const types = () => step('types (native compiler)', 'node_modules/typescript-native/bin/tsc', '-p', '.');
export const typesReference = () => step('types (TypeScript 6)', 'node_modules/typescript/bin/tsc', '-p', '.');
