import * as v from 'valibot';
import { notification } from '../../contract/notification.ts';
import type { AppSettings } from '../../core/policy.ts';
import type { Item } from './aws/expressions.ts';
import type { History } from './history.ts';
import { OrderWatch } from './order.ts';
import { PauseWatch } from './pauses.ts';
import { CANARY } from './plan.ts';
import type { Process } from './process.ts';
import { Promptness } from './promptness.ts';
import { brokenBy, isUnacknowledged, number, placeOf, stateOf, text } from './rules.ts';

const SLOT_SIZE = 25;

interface Entry {
  readonly hash: string;
  readonly rev: number;
}

/** Watches every committed write and every accepted notification, and says what must not have been. */
export class Judge {
  /** Notifications that SNS has accepted: id and claim. */
  readonly accepted = new Set<string>();
  /** Failures that were written, by what they are; and deaths. */
  readonly failures = { failed: 0, expired: 0, refused: 0, missed: 0 };
  deaths = 0;
  /** Dead tasks that were replayed. */
  revived = 0;
  /** Tasks that were ever cancelled. */
  readonly cancelled = new Set<string>();
  readonly promptness: Promptness;
  readonly pauses: PauseWatch;
  readonly #order: OrderWatch | undefined;
  readonly #rows: ReadonlyMap<string, Item>;
  readonly #settings: AppSettings;
  readonly #history: History;
  readonly #out = new Set<string>();
  readonly #entries = new Map<number, readonly Entry[]>();

  /** `isFree`: no valve holds a task back, so that order can be told from outside. */
  constructor(rows: ReadonlyMap<string, Item>, settings: AppSettings, history: History, isFree: boolean) {
    this.#rows = rows;
    this.#settings = settings;
    this.#history = history;
    this.pauses = new PauseWatch(history);
    this.promptness = new Promptness(history, settings.maxInFlight);
    this.#order = isFree ? new OrderWatch(rows, settings, history) : undefined;
  }

  /** From now on nothing goes wrong any more. */
  begin(): void {
    this.promptness.begin();
    this.#order?.begin();
  }

  wrote(id: string, before: Item | undefined, after: Item, by: Process): void {
    const slot = /\/slot\/(\d+)$/.exec(id)?.[1];
    if (slot !== undefined) this.#slotWritten(Number(slot), before, after, by);
    else if (!id.startsWith('~')) this.#taskWritten(id, before, after, by);
  }

  /** SNS has accepted a notification. */
  told(body: string, by: Process): void {
    const read = v.safeParse(notification, JSON.parse(body));
    this.#history.must(read.success, 'a notification is as the contract says', body);
    if (!read.success) return;
    const { id, claim, dueAt, payload } = read.output;
    this.#history.tell(`${by.name} told ${id} claim ${claim}`);
    const row = this.#rows.get(id);
    this.#history.must(Date.parse(dueAt) <= by.askedAt, 'never told before its date', `${id} claim ${claim}`);
    this.#history.must(claim <= number(row, 'claim'), 'nothing is told before its claim is written', `${id} claim ${claim}`);
    const isLive = claim === number(row, 'claim') && row?.claimedBy !== undefined;
    this.#history.must(!isLive || number(row, 'dueAtMs') === Date.parse(dueAt), 'what is told is what stands in the row', id);
    this.#history.must(!isLive || JSON.stringify(payload) === text(row, 'payload'), 'the payload is told as it was given', id);
    this.accepted.add(`${id} ${claim}`);
    if (claim === number(row, 'claim')) this.promptness.told(id);
  }

  /** SNS will not take a notification, ever. */
  refused(): void {
    this.promptness.refused();
  }

  /** An index has answered a process. */
  shown(items: readonly Item[], to: Process): void {
    this.#order?.shown(items, to, this.#history.now);
    if (isRun(to)) this.promptness.shown(items, to);
  }

  /** AWS would not even look at it. */
  invalid(message: string, by: Process): void {
    this.#history.must(false, 'AWS is asked nothing invalid', `${message}, by ${by.name}`);
  }

  /** A line of a log. */
  logged(line: string): void {
    this.#history.must(!line.includes(CANARY), 'no payload is logged', line);
  }

  #taskWritten(id: string, before: Item | undefined, after: Item, by: Process): void {
    const { maxInFlight } = this.#settings;
    const claim = number(after, 'claim');
    const facts = `rev ${number(after, 'rev')} claim ${claim} attempt ${number(after, 'attempt')}`;
    this.#history.tell(`${by.name} wrote ${id}: ${stateOf(before)} → ${stateOf(after)}, ${facts}`);
    for (const rule of brokenBy(before, after, by, id, this.#settings.policy)) this.#history.must(false, rule, `${id}, by ${by.name}`);
    this.#countEnds(before, after);
    this.promptness.wrote(id, before, after, this.accepted.has(`${id} ${claim}`));
    if (stateOf(after) === 'leased') this.#out.add(id);
    else this.#out.delete(id);
    this.#history.must(this.#out.size <= maxInFlight, 'never more out than maxInFlight', `${[...this.#out]} of ${maxInFlight}`);
    const place = placeOf(after);
    const isClaimed = place !== undefined && placeOf(before) === undefined;
    const entries = place && this.#entries.get(place.slot);
    const stands = entries?.some(({ hash, rev }) => id.endsWith(`/${hash}`) && rev === place?.rev);
    this.#history.must(!isClaimed || stands === true, 'what is out stands in a slot', id);
    const isDone = stateOf(before) === 'leased' && stateOf(after) === 'completed';
    this.#history.must(!isDone || this.accepted.has(`${id} ${claim}`), 'nobody completes what nobody was told', id);
  }

  #countEnds(before: Item | undefined, after: Item): void {
    const ended = (item: Item | undefined) => (item?.attempts?.L?.length ?? 0) + (number(item, 'attemptsDropped') || 0);
    const outcome = after.attempts?.L?.at(-1)?.M?.outcome?.S;
    if (before && ended(after) > ended(before) && (outcome === 'failed' || outcome === 'expired' || outcome === 'refused'))
      this.failures[outcome]++;
    if (stateOf(after) === 'cancelled') this.cancelled.add(text(after, 'id') ?? '');
    if (stateOf(before) === 'dead' && stateOf(after) === 'scheduled') this.revived++;
    if (stateOf(after) !== 'dead' || stateOf(before) === 'dead') return;
    this.deaths++;
    if (text(after, 'deathReason') === 'deadline missed') this.failures.missed++;
  }

  #slotWritten(slot: number, before: Item | undefined, after: Item, by: Process): void {
    const entries = entriesOf(text(after, 'entries') ?? '');
    this.#history.tell(`${by.name} wrote slot ${slot}: ${text(after, 'entries')}`);
    const isRev = after.rev?.N === before?.rev?.N || number(after, 'rev') === (number(before, 'rev') || 0) + 1;
    this.#history.must(isRev, 'rev grows by 1', `slot ${slot}`);
    this.#history.must(entries.length <= SLOT_SIZE, 'a slot holds 25 entries', `slot ${slot}`);
    for (const entry of this.#entries.get(slot) ?? []) {
      if (!entries.some(({ hash, rev }) => hash === entry.hash && rev === entry.rev)) this.#freed(slot, entry, by);
    }
    const known = this.#entries.get(slot) ?? [];
    const taken = entries.filter(({ hash, rev }) => !known.some((one) => one.hash === hash && one.rev === rev));
    this.#entries.set(slot, entries);
    const held = [...this.#entries.values()].flat().map(({ hash }) => this.#idOf(hash));
    this.#history.must(held.length <= this.#settings.maxInFlight, 'the slots hold no more than maxInFlight', `${held}`);
    const targets = taken.map(({ hash, rev }) => ({ id: this.#idOf(hash), rev }));
    for (const { id } of targets) this.pauses.taken(id, this.#rows.get(id));
    if (targets.length > 0) this.#order?.taken(targets, new Set(held), by, this.#history.now);
  }

  #idOf = (hash: string): string => `${this.#settings.app}/${hash}`;

  /** An entry may go once its row has moved past it, and no sooner. */
  #freed(slot: number, { hash, rev }: Entry, by: Process): void {
    const id = this.#idOf(hash);
    const row = this.#rows.get(id);
    if (!row) return;
    const what = `${id} rev ${rev}, by ${by.name}`;
    this.#history.must(number(row, 'rev') > rev, 'an unclaimed entry is never freed', what);
    const place = placeOf(row);
    if (place?.slot !== slot || place.rev !== rev) return;
    this.#history.must(stateOf(row) !== 'leased', 'an entry that is out is never freed', what);
    const isOwed = isUnacknowledged(row) && stateOf(row) === 'completed' && !this.accepted.has(`${id} ${number(row, 'claim')}`);
    this.#history.must(!isOwed, 'an unacknowledged entry stays until SNS has accepted', what);
  }
}

const isRun = ({ name }: Process): boolean => name.startsWith('dispatcher');

const entriesOf = (entries: string): Entry[] =>
  entries === ''
    ? []
    : entries.split(' ').map((part) => ({ hash: part.split('.')[0] ?? '', rev: Number.parseInt(part.split('.')[1] ?? '', 36) }));
