import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ValvesView, ValveView } from '../contract/operate.ts';
import { NO_VALVES, type Valve, type Valves } from '../core/valves.ts';
import { writeIf } from './conditional.ts';
import { log, reasonOf } from './log.ts';
import type { Item } from './rows.ts';
import type { Seat } from './seat.ts';
import { Contended, type Store } from './store.ts';

/** Key of what was set for an app at run time. */
export const settingsId = (app: string): string => `~settings/${app}`;

/** How often a change is tried again after another operator came first. */
const RACES = 5;

/** What operators have set on the way out of the queue, in a row an app. The seat says when a run must read them anew. */
export class ValveStore {
  readonly #dynamo: DynamoDBClient;
  readonly #store: Store;
  readonly #seat: Seat;

  constructor(dynamo: DynamoDBClient, store: Store, seat: Seat) {
    this.#dynamo = dynamo;
    this.#store = store;
    this.#seat = seat;
  }

  /** The valves of apps; absent: nothing was ever set. */
  async read(apps: readonly string[]): Promise<Map<string, Valves>> {
    const items = await this.#store.readItems(apps.map(settingsId), true);
    return new Map(apps.flatMap((app) => (items.has(settingsId(app)) ? [[app, valvesOf(items.get(settingsId(app)))] as const] : [])));
  }

  /**
   * Sets the valve of an app, or of one of its task names; undefined opens it. Answers what holds now. The seat is told even
   * if nothing changed: the word of the first try may not have reached it.
   *
   * @throws Contended after losing {@link RACES} races
   */
  async set(app: string, name: string | undefined, valve: Valve | undefined): Promise<Valves> {
    for (let race = 0; race < RACES; race++) {
      const item = (await this.#store.readItems([settingsId(app)], true)).get(settingsId(app));
      const after = withValve(valvesOf(item), name, valve);
      // By the text: a row that cannot be read is written anew.
      const isSame = (item?.valves?.S ?? JSON.stringify(NO_VALVES)) === JSON.stringify(after);
      if (!isSame && !(await this.#write(app, item?.rev, after))) continue;
      await this.#seat.announceSettings();
      return after;
    }
    throw new Contended(`${settingsId(app)}: another operator was first ${RACES} times`);
  }

  /** `rev`: as it was read, whatever stands there; absent: there was none. */
  #write(app: string, rev: Item[string] | undefined, valves: Valves): Promise<boolean> {
    const known = Number(rev?.N ?? 0);
    const command = new UpdateItemCommand({
      TableName: this.#store.table,
      Key: { id: { S: settingsId(app) } },
      UpdateExpression: 'SET #rev = :next, #valves = :valves',
      ConditionExpression: rev === undefined ? 'attribute_not_exists(#rev)' : '#rev = :rev',
      ExpressionAttributeNames: { '#rev': 'rev', '#valves': 'valves' },
      ExpressionAttributeValues: {
        ':next': { N: String(Number.isSafeInteger(known) ? known + 1 : 1) },
        ':valves': { S: JSON.stringify(valves) },
        ...(rev === undefined ? {} : { ':rev': rev }),
      },
    });
    return writeIf(this.#dynamo, command);
  }
}

function withValve({ app, names }: Valves, name: string | undefined, asked: Valve | undefined): Valves {
  const valve = sameRate(name === undefined ? app : Object.hasOwn(names, name) ? names[name] : undefined, asked);
  if (name === undefined) return { ...(valve === undefined ? {} : { app: valve }), names };
  const others = Object.entries(names).filter(([other]) => other !== name);
  return { ...(app === undefined ? {} : { app }), names: Object.fromEntries(valve === undefined ? others : [...others, [name, valve]]) };
}

/** A rate that holds already goes on as it is: asked for again it must not begin anew. */
const sameRate = (held: Valve | undefined, asked: Valve | undefined): Valve | undefined =>
  typeof held === 'object' && typeof asked === 'object' && held.perMinute === asked.perMinute ? held : asked;

/** What cannot be read holds nothing up: a damaged row must not stop an app. */
function valvesOf(item: Item | undefined): Valves {
  if (!item) return NO_VALVES;
  try {
    const { app, names = {} } = JSON.parse(item.valves?.S ?? '') as Partial<Valves>;
    return { ...(isValve(app) ? { app } : {}), names: Object.fromEntries(Object.entries(names).filter(([, valve]) => isValve(valve))) };
  } catch (error) {
    log('ERROR', 'the valves of an app cannot be read; pause or resume it again', { id: item.id?.S, reason: reasonOf(error) });
    return NO_VALVES;
  }
}

function isValve(value: unknown): value is Valve {
  if (value === 'paused') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { perMinute, since } = value as { perMinute?: unknown; since?: unknown };
  return typeof perMinute === 'number' && perMinute > 0 && typeof since === 'number';
}

/** What was set on the ways out of an app, as a door shows it. */
export const valvesView = (app: string, { app: valve, names }: Valves): ValvesView => ({
  app,
  valve: valveView(valve),
  names: Object.fromEntries(Object.entries(names).map(([name, one]) => [name, valveView(one)])),
});

const valveView = (valve: Valve | undefined): ValveView =>
  valve === undefined ? { state: 'open' } : valve === 'paused' ? { state: 'paused' } : { state: 'limited', perMinute: valve.perMinute };
