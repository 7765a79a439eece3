import { type AttributeValue, type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { ONE_DEAL } from '../core/split.ts';
import { writeIf } from './conditional.ts';
import { readItems } from './read-items.ts';

/** The key of the only dispatcher's seat, and of the first of several. */
export const SEAT_ID = '~seat';
/** The key of each one's seat. */
const seatId = (part: number): string => (part === 0 ? SEAT_ID : `${SEAT_ID}/${part}`);

/**
 * Who dispatches now, and what the next run must know. It only saves work: a seat that is lost or wrong delays a task by
 * a tick at most, because every tick reads the lanes and every write of a task is conditional on its own row.
 */
export interface SeatState {
  /** Raised by each run that takes the seat. 0: never taken. */
  readonly epoch: number;
  /** The latest run that took its leave: it had nothing in flight, and its slots say what it published. */
  readonly left: number;
  /** The latest superseded run that claims no more: what it has still to tell falls due later. */
  readonly ceded: number;
  /** Until when the run of `epoch` means to stay, at the longest. Epoch ms; 0: it took its leave. */
  readonly aliveUntil: number;
  /** When some slot must be looked at again. Epoch ms. */
  readonly sweepAt: number;
  /** Until when a run that never took its leave might still write to a slot. Epoch ms. */
  readonly unsureUntil: number;
  /** When a door last woke the dispatcher. Epoch ms. */
  readonly wokenAt: number;
  /** How often it was rung: a run takes its leave only if it has heard the last one. */
  readonly rings: number;
  /** Which run took it last, by its nonce. */
  readonly takenBy: string;
  /** Until when what rates let go has been used by the runs that left, or is forgone. Epoch ms. */
  readonly usedUntil: number;
  /** How the apps were dealt out when `sweepAt` was said: see `dealOf`. */
  readonly deal: string;
  /** How many dispatchers there are, as the latest run knows it. */
  readonly dispatchers: number;
  /** Raised when something was set at run time for some app: a run then reads it anew. 0: never. It stands in the first seat alone. */
  readonly settings: number;
  /** When each app was last rung for. Epoch ms. */
  readonly rung: ReadonlyMap<string, number>;
}

/** One attribute an app, so that an app's first ring needs no map to be there. */
const RUNG = 'rung/';

/** A dispatcher's seat: its row, read and written. */
export class Seat {
  readonly #dynamo: DynamoDBClient;
  readonly #table: string;
  readonly #id: string;
  /** What was read in the place of an epoch, where it was none. */
  #noEpoch: AttributeValue | undefined;

  /** `part`: which of several dispatchers, from 0. */
  constructor(dynamo: DynamoDBClient, table: string, part = 0) {
    this.#dynamo = dynamo;
    this.#table = table;
    this.#id = seatId(part);
  }

  /** The seat of another dispatcher of the same queue. */
  of(part: number): Seat {
    return new Seat(this.#dynamo, this.#table, part);
  }

  /** `consistent` false: as it stands now or stood a moment ago, at half the price. */
  async read(consistent = true): Promise<SeatState> {
    const { own, first } = await this.#rows(consistent);
    const state = { ...stateOf(own), settings: stateOf(first).settings };
    this.#noEpoch = state.epoch === 0 ? own?.epoch : undefined;
    return state;
  }

  /** One call, for what stands in the first seat alone, too. */
  async #rows(consistent: boolean): Promise<{ own: Row | undefined; first: Row | undefined }> {
    if (this.#id === SEAT_ID) {
      const { Item } = await this.#dynamo.send(new GetItemCommand({ ...this.#key, ConsistentRead: consistent }));
      return { own: Item, first: Item };
    }
    const rows = await readItems(this.#dynamo, this.#table, [this.#id, SEAT_ID], consistent);
    return { own: rows.get(this.#id), first: rows.get(SEAT_ID) };
  }

  /**
   * Takes the seat from the run of `before`. False: another was quicker, or it is the second try of a call whose first answer
   * was lost; `takenBy` then says whose it is. Where no epoch was read, it is taken from whatever stood there.
   */
  take(before: SeatState, aliveUntil: number, unsureUntil: number, nonce: string, dispatchers = 1): Promise<boolean> {
    const found = before.epoch === 0 ? this.#noEpoch : before.epoch;
    return this.#update(
      'SET #epoch = :next, #aliveUntil = :aliveUntil, #unsureUntil = :unsureUntil, #takenBy = :nonce, #dispatchers = :dispatchers',
      found === undefined ? 'attribute_not_exists(#epoch)' : '#epoch = :epoch',
      {
        '#epoch': 'epoch',
        '#aliveUntil': 'aliveUntil',
        '#unsureUntil': 'unsureUntil',
        '#takenBy': 'takenBy',
        '#dispatchers': 'dispatchers',
      },
      {
        ':next': before.epoch + 1,
        ':nonce': nonce,
        ':aliveUntil': aliveUntil,
        ':unsureUntil': unsureUntil,
        ':dispatchers': dispatchers,
        ...(found === undefined ? {} : { ':epoch': found }),
      },
    );
  }

  /**
   * Takes leave, once nothing is in flight: says when to look at the slots again, while the apps are dealt out as they are.
   * Answers false if it has been superseded, or rung for since it heard `rings` rings (undefined: that does not matter).
   */
  leave(epoch: number, sweepAt: number, usedUntil: number, rings: number | undefined, deal = ONE_DEAL): Promise<boolean> {
    const unheard = rings === undefined ? '' : rings === 0 ? ' AND attribute_not_exists(#rings)' : ' AND #rings = :rings';
    return this.#update(
      'SET #left = :epoch, #sweepAt = :sweepAt, #usedUntil = :usedUntil, #aliveUntil = :zero, #deal = :deal',
      `#epoch = :epoch${unheard}`,
      {
        '#left': 'left',
        '#sweepAt': 'sweepAt',
        '#usedUntil': 'usedUntil',
        '#aliveUntil': 'aliveUntil',
        '#deal': 'deal',
        '#epoch': 'epoch',
        ...(unheard ? { '#rings': 'rings' } : {}),
      },
      { ':epoch': epoch, ':sweepAt': sweepAt, ':usedUntil': usedUntil, ':zero': 0, ':deal': deal, ...(rings ? { ':rings': rings } : {}) },
    );
  }

  /** Says of a superseded run that it claims no more. */
  cede(epoch: number, usedUntil: number): Promise<void> {
    return this.#sayOf('ceded', epoch, usedUntil);
  }

  /** Says that a superseded run has nothing in flight any more. */
  leaveToSuccessor(epoch: number, usedUntil: number): Promise<void> {
    return this.#sayOf('left', epoch, usedUntil);
  }

  async #sayOf(word: 'ceded' | 'left', epoch: number, usedUntil: number): Promise<void> {
    await this.#update(
      'SET #word = :epoch, #usedUntil = :usedUntil',
      'attribute_not_exists(#word) OR #word < :epoch',
      { '#word': word, '#usedUntil': 'usedUntil' },
      { ':epoch': epoch, ':usedUntil': usedUntil },
    );
  }

  /** Says that an app has a newcomer; the answer tells whether a run is alive to hear it. */
  async ring(app: string, now: number): Promise<SeatState> {
    const { Attributes } = await this.#dynamo.send(
      new UpdateItemCommand({
        ...this.#key,
        UpdateExpression: 'SET #rung = :now ADD #rings :one',
        ExpressionAttributeNames: { '#rung': `${RUNG}${app}`, '#rings': 'rings' },
        ExpressionAttributeValues: { ':now': number(now), ':one': number(1) },
        ReturnValues: 'ALL_NEW',
      }),
    );
    return stateOf(Attributes);
  }

  /** Says to all dispatchers that something was set at run time for an app. */
  async announceSettings(): Promise<void> {
    await this.#dynamo.send(
      new UpdateItemCommand({
        TableName: this.#table,
        Key: { id: { S: SEAT_ID } },
        UpdateExpression: 'ADD #settings :one',
        ExpressionAttributeNames: { '#settings': 'settings' },
        ExpressionAttributeValues: { ':one': number(1) },
      }),
    );
  }

  /** Says that there are only so many dispatchers, and that this seat is no longer one of theirs. */
  async retire(dispatchers: number): Promise<void> {
    await this.#dynamo.send(
      new UpdateItemCommand({
        ...this.#key,
        UpdateExpression: 'SET #dispatchers = :dispatchers',
        ExpressionAttributeNames: { '#dispatchers': 'dispatchers' },
        ExpressionAttributeValues: { ':dispatchers': number(dispatchers) },
      }),
    );
  }

  /** Whether the caller, of all that found nobody alive since `before`, is the one to wake the dispatcher. */
  wake(now: number, before: number): Promise<boolean> {
    return this.#update(
      'SET #wokenAt = :now',
      'attribute_not_exists(#wokenAt) OR #wokenAt < :before',
      { '#wokenAt': 'wokenAt' },
      { ':now': now, ':before': before },
    );
  }

  get #key() {
    return { TableName: this.#table, Key: { id: { S: this.#id } } };
  }

  #update(
    update: string,
    condition: string,
    names: Record<string, string>,
    values: Record<string, number | string | AttributeValue>,
  ): Promise<boolean> {
    const command = new UpdateItemCommand({
      ...this.#key,
      UpdateExpression: update,
      ConditionExpression: condition,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [
          key,
          typeof value === 'string' ? { S: value } : typeof value === 'number' ? number(value) : value,
        ]),
      ),
    });
    return writeIf(this.#dynamo, command);
  }
}

type Row = Record<string, AttributeValue>;

const number = (value: number) => ({ N: String(value) });

function stateOf(item: Row = {}): SeatState {
  // A number too large for one is an error of this library otherwise, and would stop every run.
  const row = unmarshall(item, { wrapNumbers: Number });
  const count = (name: string): number => (typeof row[name] === 'number' ? row[name] : 0);
  return {
    epoch: count('epoch'),
    left: count('left'),
    ceded: count('ceded'),
    aliveUntil: count('aliveUntil'),
    sweepAt: count('sweepAt'),
    unsureUntil: count('unsureUntil'),
    wokenAt: count('wokenAt'),
    rings: count('rings'),
    takenBy: typeof row.takenBy === 'string' ? row.takenBy : '',
    usedUntil: count('usedUntil'),
    deal: typeof row.deal === 'string' ? row.deal : ONE_DEAL,
    dispatchers: Math.max(1, count('dispatchers')),
    settings: count('settings'),
    rung: new Map(
      Object.entries(row).flatMap(([name, at]) => (name.startsWith(RUNG) && typeof at === 'number' ? [[name.slice(RUNG.length), at]] : [])),
    ),
  };
}
