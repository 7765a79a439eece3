import type { AppDispatch } from './app-dispatch.ts';

/** What a run did. `stayed`: false if nothing was to be done before the next tick. */
export interface Summary {
  readonly stayed: boolean;
  readonly epoch: number;
  readonly claimed: number;
  readonly published: number;
  readonly refused: number;
  readonly expired: number;
  readonly latestMs: number;
}

export function summaryOf(apps: readonly AppDispatch[], stayed: boolean, epoch: number): Summary {
  const sum = (count: (app: AppDispatch) => number) => apps.reduce((total, app) => total + count(app), 0);
  return {
    stayed,
    epoch,
    claimed: sum(({ entries }) => entries.counts.claimed),
    expired: sum(({ entries }) => entries.counts.expired),
    published: sum(({ publisher }) => publisher.counts.published),
    refused: sum(({ publisher }) => publisher.counts.refused),
    latestMs: Math.max(0, ...apps.map(({ publisher }) => publisher.counts.latestMs)),
  };
}
