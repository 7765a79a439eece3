import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { APP_NAME, TASK_NAME } from '../../contract/limits.ts';
import { historyLane, watchKey } from '../../core/lanes.ts';
import { type AppSettings, DEFAULT_LIMITS } from '../../core/policy.ts';
import { writeIf } from '../conditional.ts';
import { appOf } from '../identity.ts';
import { waitingOf } from '../lane-query.ts';
import { log } from '../log.ts';
import { type Item, taskOf } from '../rows.ts';
import { Contended, type Store } from '../store.ts';
import { rowUpdate } from './row-update.ts';

const RACES = 5;
/** Bytes of a key of the table (DynamoDB: "2,048 bytes"), and of an id that has room in a key of an index (1,024 bytes). */
const KEY_BYTES = 2_048;
const INDEXED_ID_BYTES = 900;
/** Characters of a reason that are kept. */
const REASON_CHARACTERS = 300;
/** Why a task is dead whose row cannot be read. */
const UNREADABLE = 'unreadable';

/** A row that has been set aside. */
export interface SetAside {
  readonly id: string;
  /** The app that it belongs to, as far as that can be told. */
  readonly app?: string;
  /** The task's name, and its version, as far as they can be told. */
  readonly name?: string;
  readonly version?: number;
  readonly endedAt: number;
  /** Whether it was done now; false: it had been done before. */
  readonly isNew: boolean;
}

/** What it takes to set a row aside. */
export interface QuarantinePorts {
  readonly dynamo: DynamoDBClient;
  readonly store: Store;
  /** The settings of an app; undefined: there is no such app. */
  settingsOf(app: string): Promise<AppSettings | undefined>;
}

/**
 * Sets a row aside that cannot be read as a task: dead, out of the lane of those that wait, in the lane of the dead, for as
 * long as its app keeps what has ended. What is damaged stays in the row for people to see, and what is written over stands
 * in `unreadable`. Whatever app it is of, even of none: in its lane it would be found again every minute. Undefined: there is
 * nothing to do, the row is gone, can be read, or is of another kind.
 *
 * @throws Contended after losing {@link RACES} races
 */
export async function setAside(ports: QuarantinePorts, id: string, reason: string, now: number): Promise<SetAside | undefined> {
  if (!isTaskKey(id)) {
    log('ERROR', 'what is no task cannot be set aside; nothing was done', { id: id.slice(0, REASON_CHARACTERS) });
    return undefined;
  }
  const { dynamo, store } = ports;
  const command = new GetItemCommand({ TableName: store.table, Key: { id: { S: id } }, ConsistentRead: true });
  for (let race = 0; race < RACES; race++) {
    const { Item } = await dynamo.send(command);
    if (!Item || isReadable(Item)) return undefined;
    const { app, settings } = await ownerOf(id, Item, ports);
    const known = { id, ...(app === undefined ? {} : { app }), ...namedBy(Item) };
    if (isSetAside(Item)) return { ...known, endedAt: Number(Item.endedAt?.N ?? 0), isNew: false };
    const changes = changesOf(id, Item, app, settings, reason, now);
    const update = rowUpdate({ table: store.table, id, before: Item, unchanged: ['rev', 'state'], ...changes });
    if (await writeIf(dynamo, update)) return { ...known, endedAt: now, isNew: true };
  }
  throw new Contended(`${id}: another writer was first ${RACES} times`);
}

/** Rows of other kinds are never set aside, whoever asks for it: they would be deleted at the end of the retention. */
function isTaskKey(id: string): boolean {
  const bytes = Buffer.byteLength(id, 'utf8');
  return bytes > 0 && bytes <= KEY_BYTES && !id.startsWith('~') && !/^[^/]*\/(slot|payload)\//.test(id);
}

/** Whether it is a task, and its place in a lane, where it waits, says all that a claim needs. */
function isReadable(item: Item): boolean {
  try {
    const { app, state } = taskOf(item);
    const lane = item.priority?.S;
    return state !== 'scheduled' || lane === undefined || (lane.startsWith(`${app}#`) && waitingOf(item) !== undefined);
  } catch {
    return false;
  }
}

const isSetAside = (item: Item): boolean => item.state?.S === 'dead' && item.deathReason?.S === UNREADABLE;

/** The app that a row is of, by its id, its lane or its own word: the first that there is, else the first that could be. */
async function ownerOf(id: string, item: Item, { settingsOf }: QuarantinePorts) {
  const named = [appOf(id), item.priority?.S?.split('#')[0], item.app?.S];
  const apps = named.filter((app): app is string => app !== undefined && APP_NAME.test(app));
  for (const app of apps) {
    const settings = await settingsOf(app);
    if (settings) return { app, settings };
  }
  return { app: apps[0], settings: DEFAULT_LIMITS };
}

function namedBy({ name, version }: Item): { name?: string; version?: number } {
  const number = Number(version?.N);
  return {
    ...(name?.S !== undefined && TASK_NAME.test(name.S) ? { name: name.S } : {}),
    ...(Number.isSafeInteger(number) ? { version: number } : {}),
  };
}

function changesOf(
  id: string,
  item: Item,
  app: string | undefined,
  { retentionMs }: Pick<AppSettings, 'retentionMs'>,
  reason: string,
  now: number,
): { set: Item; removed: string[] } {
  const was = Object.fromEntries(
    ['state', 'deathReason', 'endedAt', 'priority'].flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])),
  );
  const hasPlace = app !== undefined && Buffer.byteLength(id, 'utf8') <= INDEXED_ID_BYTES;
  return {
    set: {
      state: { S: 'dead' },
      deathReason: { S: UNREADABLE },
      unreadable: { M: { reason: { S: reason.slice(0, REASON_CHARACTERS) }, was: { M: was } } },
      endedAt: { N: String(now) },
      expiresAtSeconds: { N: String(Math.ceil((now + retentionMs) / 1_000)) },
      ...nextRev(item),
      // In the lane that every app has.
      ...(hasPlace ? { watch: { S: historyLane(app, 'dead', 0) }, watchAt: { S: watchKey(now, id) } } : {}),
    },
    removed: ['priority', ...(hasPlace ? [] : ['watch', 'watchAt'])],
  };
}

/** A revision that can be read is raised like by any write; what else stands there stays. */
function nextRev({ rev }: Item): Item {
  const number = Number(rev?.N);
  return Number.isSafeInteger(number) ? { rev: { N: String(number + 1) } } : {};
}
