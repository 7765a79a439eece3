import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalAwsError } from './localAws.ts';
import { isRunning } from './processes.ts';

const MINISTACK = '1.5.33';
const REQUIREMENTS = join(dirname(fileURLToPath(import.meta.url)), 'requirements.txt');

/**
 * The Python of a virtual environment that has MiniStack, made on the first call (about ten seconds, 90 MB).
 * It is built aside and renamed into place, so that what is in place is whole, and two runs at once end up with one.
 * (Its console scripts hold the path it was built under: run `python -m`, never `bin/ministack`.)
 * @param folder where environments are kept, e.g. `.punctual/venv`.
 * @throws LocalAwsError when python3 is missing or too old, has no venv module, or pip fails.
 */
export function ministackPython(folder: string, log: (line: string) => void): string {
  const home = join(folder, `ministack-${MINISTACK}`);
  const python = join(home, 'bin', 'python');
  if (existsSync(python)) return python;
  const base = basePython();
  log(`Installing MiniStack ${MINISTACK} into ${home} (once) …`);
  mkdirSync(folder, { recursive: true });
  removeAbandoned(folder);
  const building = mkdtempSync(join(folder, `building-${process.pid}-`));
  try {
    build(base, building);
    putInPlace(building, home, python);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return python;
}

function basePython(): string {
  const asked = spawnSync(
    'python3',
    ['-c', 'import sys; print(sys.executable); print(sys.version_info >= (3, 10)); print(sys.version.split()[0])'],
    {
      encoding: 'utf8',
    },
  );
  const [executable, recent, version] = (asked.stdout ?? '').trim().split('\n');
  if (asked.status !== 0 || !executable) {
    throw new LocalAwsError('There is no python3 on the PATH: install Python 3.10 or later, which MiniStack (the local AWS) runs on.');
  }
  if (recent !== 'True') {
    throw new LocalAwsError(
      `MiniStack (the local AWS) needs Python 3.10 or later and python3 is ${version}: put a newer one first on the PATH.`,
    );
  }
  return executable;
}

function build(base: string, home: string): void {
  const made = spawnSync(base, ['-m', 'venv', home], { encoding: 'utf8' });
  if (made.status !== 0) {
    throw new LocalAwsError(
      `${base} cannot make a virtual environment (${lastLine(made)}): install its venv module (Debian and Ubuntu: apt install python3-venv).`,
    );
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', REQUIREMENTS];
  const installed = spawnSync(join(home, 'bin', 'python'), pip, { encoding: 'utf8' });
  if (installed.status !== 0) {
    throw new LocalAwsError(
      `pip could not install MiniStack ${MINISTACK} (${lastLine(installed)}): check the network and pip's index, then run it again.`,
    );
  }
}

/** Whoever renames first wins; a directory that is not empty is not replaced, unless its Python is gone (its base was removed). */
function putInPlace(building: string, home: string, python: string): void {
  try {
    renameSync(building, home);
  } catch (error) {
    if (existsSync(python)) return;
    if (!existsSync(home)) throw error;
    rmSync(home, { recursive: true, force: true });
    renameSync(building, home);
  }
}

/** What a run that was interrupted while it built left behind. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /^building-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid), '')) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function lastLine(done: SpawnSyncReturns<string>): string {
  const lines = `${done.stdout ?? ''}\n${done.stderr ?? ''}`.split('\n').map((line) => line.trim());
  return lines.filter(Boolean).at(-1) ?? done.error?.message ?? `exit code ${done.status}`;
}
