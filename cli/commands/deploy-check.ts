import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import type { Call } from '../Call.ts';
import { EXIT, type Exit, usage } from '../failure.ts';
import type { Handle } from '../handle.ts';
import { type Handles, handlesOf, type Unhandled, unhandled } from '../handles.ts';
import { APP_OPTION, example } from '../options.ts';
import { columns, counted } from '../render/columns.ts';

interface Options {
  readonly app: string;
  readonly handles?: string;
  readonly module?: string;
}

/** deploy-check: could this build handle what waits? */
export function addDeployCheck(program: Command, handle: Handle): void {
  program
    .command('deploy-check')
    .description(
      'Compare the versions of the tasks that wait or are in flight with what a build of the worker can handle; exits with 1 and ' +
        'the list of what it could not. JSON: { ok, unhandled: [{ name, version, count, handles }] }.',
    )
    .requiredOption(...APP_OPTION)
    .option('--handles <json>', 'what the build handles, such as \'{"send-invoice":"1-3"}\': JSON, a file, or - for standard input')
    .option('--module <file>', 'instead: a module whose export handles, or default, is what rangesOf(tasks, handlers) answered')
    .addHelpText(
      'after',
      example(
        `punctual deploy-check --app billing --handles '{"send-invoice":"1-3"}'`,
        'punctual deploy-check --app billing --module ./worker-tasks.js',
      ),
    )
    .action(handle(deployCheck));
}

async function deployCheck(call: Call, { app, ...options }: Options): Promise<Exit> {
  const handles = await given(call, options);
  const versions = await (await call.operator()).versions(app);
  const missing = unhandled(versions, handles);
  const ok = missing.length === 0;
  call.show({ ok, unhandled: missing }, () => (ok ? okText(app, versions) : missingText(app, missing)));
  return ok ? EXIT.ok : EXIT.failure;
}

async function given(call: Call, { handles, module }: Omit<Options, 'app'>): Promise<Handles> {
  if ((handles === undefined) === (module === undefined))
    throw usage('Give what the build handles, by --handles or by --module (one of them).');
  return handles === undefined ? fromModule(module ?? '') : handlesOf(await parsed(call, handles), '--handles');
}

async function parsed(call: Call, text: string): Promise<unknown> {
  const allowed = 'Give JSON such as {"send-invoice":"1-3"}, the path of a file with it, or - for standard input.';
  let json = text;
  if (text === '-') json = await call.shell.input();
  else if (!text.trimStart().startsWith('{')) {
    json = await readFile(text, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw usage(`--handles names the file ${text}, which cannot be read (${error.code}). ${allowed}`);
    });
  }
  try {
    return JSON.parse(json);
  } catch {
    throw usage(`--handles is not JSON. ${allowed}`);
  }
}

async function fromModule(file: string): Promise<Handles> {
  let loaded: Record<string, unknown>;
  try {
    loaded = await import(pathToFileURL(resolve(file)).href);
  } catch (error) {
    throw usage(`--module ${file} cannot be loaded: ${(error as Error).message}`);
  }
  return handlesOf(loaded.handles ?? loaded.default, `--module ${file}`);
}

const total = (versions: readonly { readonly count: number }[]): number => versions.reduce((sum, { count }) => sum + count, 0);

const okText = (app: string, versions: readonly { readonly count: number }[]): string =>
  `This build can handle all ${counted(total(versions), 'task')} of ${app} that wait or are in flight.\n`;

function missingText(app: string, missing: readonly Unhandled[]): string {
  const rows = missing.map(({ name, version, count, handles }) => [name, String(version), count.toLocaleString('en'), handles ?? 'none']);
  return (
    `This build could not handle ${counted(total(missing), 'task')} of ${app}: add a handler or an upcaster, or let them end first.\n` +
    columns(['name', 'version', 'tasks', 'the build handles'], rows)
  );
}
