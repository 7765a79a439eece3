import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { ValvesView, ValveView } from '../contract/operate.ts';
import { NO_VALVES, type Valve, type Valves } from '../core/valves.ts';
import { writeIf } from './conditional.ts';
import { log, reasonOf } from './log.ts';
import type { Item } from './rows.ts';
import type { Seat } from './seat.ts';
import { settingsId, shardsUsed } from './shards.ts';
import { Contended, type Store } from './store.ts';

/** What holds for an app at run time: its valves, and how many shards it has ever used. */
export interface RunTime extends Valves {
  /** Absent: one. */
  readonly shards?: number;
}

/** How often a change is tried again after another operator came first. */
const RACES = 5;

/** What operators have set on the way out of the queue, in a row an app. The seat says when a run must read them anew. */
export class ValveStore {
  readonly #dynamo: DynamoDBClient;
  readonly #store: Store;
  readonly #seat: Seat;
  readonly #adoption: string | undefined;

  /** `adoption`: where the table was there before the queue; an app is then held until an operator has let it go in this life of it. */
  constructor(dynamo: DynamoDBClient, store: Store, seat: Seat, adoption?: string) {
    this.#dynamo = dynamo;
    this.#store = store;
    this.#seat = seat;
    this.#adoption = adoption;
  }

  /** What holds for apps; absent: nothing was ever set. */
  async read(apps: readonly string[]): Promise<Map<string, RunTime>> {
    const items = await this.#store.readItems(apps.map(settingsId), true);
    return new Map(
      apps.flatMap((app) => {
        const item = items.get(settingsId(app));
        const valves = this.#valvesOf(item);
        const shards = shardsUsed(item);
        return valves ? [[app, shards > 1 ? { ...valves, shards } : valves] as const] : [];
      }),
    );
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
      const before = this.#valvesOf(item) ?? NO_VALVES;
      const after = withValve(before, name, valve);
      // Only what opens the app itself lets it go.
      const isHeld = before.held === true && after.app === 'paused';
      // By the text: a row that cannot be read is written anew.
      const isSame = (item?.valves?.S ?? JSON.stringify(NO_VALVES)) === JSON.stringify(after) && isHeld === (before.held === true);
      if (!isSame && !(await this.#write(app, item?.rev, after, isHeld ? undefined : this.#adoption))) continue;
      await this.#seat.announceSettings();
      return isHeld ? { ...after, held: true } : after;
    }
    throw new Contended(`${settingsId(app)}: another operator was first ${RACES} times`);
  }

  /** What was set before this queue took the table over does not let an app go. */
  #valvesOf(item: Item | undefined): Valves | undefined {
    const valves = item && valvesOf(item);
    if (this.#adoption === undefined || item?.adoption?.S === this.#adoption) return valves;
    return { app: 'paused', names: valves?.names ?? {}, held: true };
  }

  /** `rev`: as it was read, whatever stands there; absent: there was none. `adoption`: in which the app was let go. */
  #write(app: string, rev: Item[string] | undefined, valves: Valves, adoption: string | undefined): Promise<boolean> {
    const known = Number(rev?.N ?? 0);
    const command = new UpdateItemCommand({
      TableName: this.#store.table,
      Key: { id: { S: settingsId(app) } },
      UpdateExpression: `SET #rev = :next, #valves = :valves${adoption === undefined ? '' : ', #adoption = :adoption'}`,
      ConditionExpression: rev === undefined ? 'attribute_not_exists(#rev)' : '#rev = :rev',
      ExpressionAttributeNames: { '#rev': 'rev', '#valves': 'valves', ...(adoption === undefined ? {} : { '#adoption': 'adoption' }) },
      ExpressionAttributeValues: {
        ':next': { N: String(Number.isSafeInteger(known) ? known + 1 : 1) },
        ':valves': { S: JSON.stringify(valves) },
        ...(adoption === undefined ? {} : { ':adoption': { S: adoption } }),
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
  // Without any: the row was made for something else.
  if (!item?.valves) return NO_VALVES;
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
