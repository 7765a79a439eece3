import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { TaskQueueError } from './task-queue-error.ts';

/** The system's functions: one file each in `functions/`, each exporting `handler`. */
export type FunctionName = 'submit' | 'report' | 'dispatcher' | 'failure' | 'operate';

/** Context key that puts other handlers in the place of `functions/`; for tests of the constructs. */
export const FUNCTIONS_CONTEXT = 'punctual:functions';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FUNCTIONS = join(ROOT, 'functions');

const BUNDLER = fileURLToPath(new URL('bundle.mjs', import.meta.url));
/** Above any bundle: more would be cut off. Bytes. */
const MOST_BYTES = 64 * 1_048_576;

interface Bundle {
  readonly text: string;
  readonly hash: string;
}

const bundles = new Map<string, Bundle>();

/**
 * The code of a function as one self-contained file, AWS SDK included. It is bundled once a process, and equal sources
 * give equal assets, so that any number of apps share one.
 */
export function functionCode(scope: Construct, name: FunctionName): Code {
  const folder: string = scope.node.tryGetContext(FUNCTIONS_CONTEXT) ?? FUNCTIONS;
  const entry = [join(folder, `${name}.ts`), join(folder, `${name}.js`)].find((file) => existsSync(file));
  if (!entry) throw new TaskQueueError(scope, `there is no ${name}.ts (or .js) in ${folder}`);
  const { text, hash } = bundled(scope, entry);
  // Below the cloud assembly: staged from there, and thrown away with it.
  const outdir = Stage.of(scope)?.assetOutdir ?? 'cdk.out';
  const built = join(outdir, '.functions', `${name}-${hash.slice(0, 16)}`);
  const file = join(built, 'index.js');
  if (!existsSync(file)) {
    mkdirSync(built, { recursive: true });
    writeFileSync(file, text);
  }
  return Code.fromAsset(built, { assetHash: hash });
}

function bundled(scope: Construct, entry: string): Bundle {
  const known = bundles.get(entry);
  if (known) return known;
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [BUNDLER, entry], { encoding: 'utf8', maxBuffer: MOST_BYTES });
  if (status !== 0) throw new TaskQueueError(scope, `${entry} cannot be bundled: ${error?.message ?? stderr}`);
  const bundle = { text: stdout, hash: createHash('sha256').update(stdout).digest('hex') };
  bundles.set(entry, bundle);
  return bundle;
}
