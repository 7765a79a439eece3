import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { ENV } from '../../contract/environment.ts';
import { medianOf } from '../median.ts';
import { entryOf, type FunctionName } from './bundles.ts';

const ROUNDS = 9;
/** Below the project, so that packages are found. */
const FOLDER = '.punctual/bench';

/** What every function finds in its environment, or it says so and ends. */
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  ...Object.fromEntries(Object.values(ENV).map((name) => [name, 'bench'])),
  [ENV.settings]: '{"app":"bench","topicArn":"arn:aws:sns:us-east-1:123456789012:bench"}',
};

/** Time to load the bundle ÷ time to load the same function with its packages as npm installs them. */
export function importRatio(name: FunctionName, bundle: Buffer): number {
  mkdirSync(FOLDER, { recursive: true });
  const files = { bundled: join(FOLDER, `${name}.bundled.cjs`), unbundled: join(FOLDER, `${name}.unbundled.cjs`) };
  try {
    writeFileSync(files.bundled, bundle);
    buildSync({
      entryPoints: [entryOf(name)],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'cjs',
      outfile: files.unbundled,
    });
    const rounds = Array.from({ length: ROUNDS }, () => loadedIn(files.bundled) / loadedIn(files.unbundled));
    return medianOf(rounds);
  } finally {
    for (const file of Object.values(files)) rmSync(file, { force: true });
  }
}

/** Milliseconds that a fresh process takes to load a file. */
function loadedIn(file: string): number {
  const code = `const t = performance.now(); require(${JSON.stringify(`./${file}`)}); console.log(performance.now() - t); process.exit()`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code], {
    encoding: 'utf8',
    env: { ...process.env, ...ENVIRONMENT },
  });
  if (status !== 0) throw new Error(`${file} cannot be loaded: ${stderr}`);
  return Number(stdout);
}
