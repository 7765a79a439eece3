import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ministackPython } from '../../localstack/venv.ts';
import { folder, silent, useScratch, write } from './scratch.ts';

useScratch();

describe('the virtual environment', () => {
  /** A `python3` that is a shell script, alone on the PATH; `$1 $2` are the script's first words, e.g. `-m venv`. */
  function fakePython(script: string): void {
    const bin = folder();
    write(join(bin, 'python3'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'python3'), 0o755);
    vi.stubEnv('PATH', bin);
  }
  const PRESENT = 'if [ "$1" = -c ]; then echo "$0"; echo True; echo 3.12.1; exit 0; fi';
  /** The made environment's python is a script, too. */
  const makes = (pip: string) =>
    `${PRESENT}\n/bin/mkdir -p "$3/bin"; printf '#!/bin/sh\\n${pip}\\n' > "$3/bin/python"; /bin/chmod +x "$3/bin/python"`;

  it('asks for Python where there is none', () => {
    vi.stubEnv('PATH', folder());
    expect(() => ministackPython(folder(), silent)).toThrow('There is no python3 on the PATH: install Python 3.10 or later');
  });

  it('says which Python is too old', () => {
    fakePython('echo "$0"; echo False; echo 3.8.2');
    expect(() => ministackPython(folder(), silent)).toThrow('needs Python 3.10 or later and python3 is 3.8.2');
  });

  it('asks for the venv module', () => {
    fakePython(`${PRESENT}\necho "No module named venv" >&2; exit 1`);
    expect(() => ministackPython(folder(), silent)).toThrow(/\(No module named venv\): .* apt install python3-venv/);
  });

  it('quotes pip when it fails, and leaves nothing behind', () => {
    fakePython(makes('echo "No matching distribution" >&2; exit 1'));
    const home = folder();
    expect(() => ministackPython(home, silent)).toThrow('(No matching distribution): check the network');
    expect(readdirSync(home)).toEqual([]);
  });

  it('is built aside, put in place, and then found', () => {
    fakePython(makes('exit 0'));
    const home = folder();
    const python = ministackPython(home, silent);
    fakePython('exit 1');
    expect(ministackPython(home, silent)).toBe(python);
    expect(readdirSync(home)).toEqual(['ministack-1.5.33']);
  });

  it('takes that of another run that was quicker', () => {
    const home = folder();
    const other = join(home, 'ministack-1.5.33', 'bin');
    fakePython(makes(`/bin/mkdir -p ${other}; echo quicker > ${other}/python`));
    expect(readFileSync(ministackPython(home, silent), 'utf8')).toBe('quicker\n');
    expect(readdirSync(home)).toEqual(['ministack-1.5.33']);
  });

  it('is built again when its own Python is gone, and clears what an interrupted run left', () => {
    fakePython(makes('exit 0'));
    const home = folder();
    const bin = join(home, 'ministack-1.5.33', 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync('/nowhere/python', join(bin, 'python'));
    const dead = spawnSync('/bin/true').pid;
    mkdirSync(join(home, `building-${dead}-x`));
    mkdirSync(join(home, `building-${process.pid}-x`));
    ministackPython(home, silent);
    expect(existsSync(join(bin, 'python'))).toBe(true);
    expect(readdirSync(home).sort()).toEqual([`building-${process.pid}-x`, 'ministack-1.5.33']);
  });
});
