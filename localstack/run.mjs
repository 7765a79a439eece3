// The one way into every npm script: checks Node, installs what is missing, then runs a TypeScript file in this
// same process (one process: Ctrl-C and exit codes need no forwarding). Plain JavaScript, no dependency.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST_NODE = [20, 19];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

checkNode();
installIfNeeded();
// The SDK's notice about Node versions is for developers of the SDK's users, not for what this prints.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const [, , target, ...rest] = process.argv;
if (!target) fail('usage: node localstack/run.mjs FILE.ts [ARGUMENTS]');
const file = resolve(root, target);
process.argv = [process.argv[0], file, ...rest];
process.chdir(root);
const { register } = await import('tsx/esm/api');
register();
await import(pathToFileURL(file).href);

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(
    `Punctual needs Node ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}. Install a newer Node and run the command again.`,
  );
}

function installIfNeeded() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const mark = join(root, 'node_modules', '.punctual-installed');
  if (read(mark) === lock) return;
  process.stderr.write('Installing packages (npm ci) …\n');
  const done = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) fail('npm ci failed (its words are above). Check the network and the npm registry, then run the command again.');
  writeFileSync(mark, lock);
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
