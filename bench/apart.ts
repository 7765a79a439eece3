import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** What a module of ours needs of CommonJS, which packages are. */
const REQUIRE = "import { createRequire as punctualRequire } from 'node:module'; const require = punctualRequire(import.meta.url);";

/**
 * What a script answers that is run in a process of its own: what others have run must not have shaped its compiled code. It is
 * bundled, as the functions are: run as TypeScript, every closure would be given its name whenever it is made. To its parent the
 * script sends texts, which are progress, and at last what it answers.
 */
export async function apart<T extends object>(script: URL, argument: object, progress: (line: string) => void): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-bench-'));
  const outfile = join(folder, 'script.mjs');
  try {
    await build({
      entryPoints: [fileURLToPath(script)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      mainFields: ['module', 'main'],
      banner: { js: REQUIRE },
      logLevel: 'error',
    });
    const child = fork(outfile, [JSON.stringify(argument)], { execArgv: [] });
    let answer: T | undefined;
    child.on('message', (message: string | T) => {
      if (typeof message === 'string') progress(message);
      else answer = message;
    });
    const [code] = await once(child, 'exit');
    if (!answer) throw new Error(`${fileURLToPath(script)} came to no end: exit code ${code}`);
    return answer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
