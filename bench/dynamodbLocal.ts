import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../localstack/ports.ts';
import { Missing } from './figure.ts';

const VERSION = '3.3.1';
const OLDEST_JAVA = 17;
const HOME = fileURLToPath(new URL(`../.punctual/dynamodb-local/${VERSION}`, import.meta.url));
const ANSWERS_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 50;

const isMac = process.platform === 'darwin';
const INSTALL = {
  java: isMac ? 'brew install openjdk' : 'sudo apt-get install -y openjdk-17-jre-headless',
  both: isMac ? 'brew install openjdk maven' : 'sudo apt-get install -y openjdk-17-jre-headless maven',
} as const;

const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>dynamodb-local</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId><version>${VERSION}</version></dependency>
  </dependencies>
</project>
`;

/** Ends what it was told to run when its own input ends: so it ends with us, however we end. */
const ATTENDED = 'exec 3<&0; "$@" & child=$!; { cat <&3 >/dev/null; kill $child 2>/dev/null; } & wait $child';

/** A DynamoDB Local in a process of its own: its work is not on the CPU time of whoever measures. */
export interface DynamoDbLocal {
  readonly endpoint: string;
  /** Its process, to ask for its CPU time. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts one that keeps nothing when it ends. The first start fetches it by Maven (50 MB, once).
 * @throws Missing when there is no Java, or it is not here and cannot be fetched: names the one command that helps.
 */
export async function startDynamoDbLocal(progress: (line: string) => void): Promise<DynamoDbLocal> {
  const jars = jarsInPlace(progress);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'dynamodb-local-'));
  const child = launch(jars, folder, port);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const sweep = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', sweep);
  const stop = async () => {
    child.ref();
    child.stdin?.end();
    await ended;
    process.off('exit', sweep);
    sweep();
  };
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await untilAnswers(endpoint, child, join(folder, 'log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, pid: child.pid, stop };
}

function launch(jars: string, folder: string, port: number): ChildProcess {
  const log = openSync(join(folder, 'log'), 'w');
  const main = 'software.amazon.dynamodb.services.local.main.ServerRunner';
  const options = [`-Djava.library.path=${jars}`, '-XX:+UseSerialGC', '-cp', `${jars}/*`];
  const command = ['java', ...options, main, '-inMemory', '-disableTelemetry', '-port', String(port)];
  const child = spawn('sh', ['-c', ATTENDED, 'sh', ...command], { cwd: folder, stdio: ['pipe', log, log] });
  closeSync(log);
  child.unref();
  if (child.stdin && 'unref' in child.stdin) (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

async function untilAnswers(endpoint: string, child: ChildProcess, log: string): Promise<void> {
  const end = performance.now() + ANSWERS_WITHIN_MS;
  while (performance.now() < end) {
    if (child.exitCode !== null) break;
    // Any answer will do: to nothing in particular it says what it misses.
    const isUp = await fetch(endpoint, { headers: { connection: 'close' } }).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await pause(ASK_EVERY_MS);
  }
  const last = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n  ');
  throw new Error(`DynamoDB Local did not start; the end of its log:\n  ${last}`);
}

/** The folder of its jars. They are fetched aside and renamed into place, so that what is in place is whole. */
function jarsInPlace(progress: (line: string) => void): string {
  checkJava();
  const jars = join(HOME, 'jars');
  if (existsSync(jars)) return jars;
  if (!isOnPath('mvn')) throw new Missing('Maven, which fetches DynamoDB Local,', INSTALL.both);
  progress(`Fetching DynamoDB Local ${VERSION} into ${HOME} (once) …`);
  mkdirSync(HOME, { recursive: true });
  const aside = mkdtempSync(join(HOME, 'fetching-'));
  try {
    writeFileSync(join(aside, 'pom.xml'), POM);
    const goal = ['-B', '-q', 'dependency:copy-dependencies', '-DoutputDirectory=jars'];
    const done = spawnSync('mvn', goal, { cwd: aside, encoding: 'utf8' });
    const why = /^\[ERROR\] (.*)$/m.exec(done.stdout ?? '')?.[1] ?? `exit code ${done.status}`;
    if (done.status !== 0)
      throw new Missing(
        `DynamoDB Local (Maven could not fetch it: ${why})`,
        `mvn dependency:get -Dartifact=software.amazon.dynamodb:DynamoDBLocal:${VERSION}`,
      );
    if (!existsSync(jars)) renameSync(join(aside, 'jars'), jars);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return jars;
}

function checkJava(): void {
  const { stdout = '', stderr = '', status } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const version = Number(/version "(\d+)/.exec(`${stdout}${stderr}`)?.[1]);
  if (status === 0 && version >= OLDEST_JAVA) return;
  throw new Missing(
    `Java ${OLDEST_JAVA} or later, which DynamoDB Local runs on,`,
    isOnPath('mvn') || existsSync(HOME) ? INSTALL.java : INSTALL.both,
  );
}

const isOnPath = (command: string): boolean =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, command)));
