import Table from 'cli-table3';
import type { Figure } from './figure.ts';

/** Figures beside their targets, for people. */
export function tableOf(figures: readonly Figure[]): string {
  const table = new Table({
    head: ['#', 'figure', 'measured', 'target', ''],
    colAligns: ['right', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const { id, name, value, target, unit, ok, bound } of figures) {
    const asked = target === null ? '' : `${bound === 'at least' ? '≥' : '≤'} ${shown(target)}`;
    table.push([id, name, `${shown(value)} ${unit}`, asked, target === null ? '' : ok ? '✓' : '✗']);
  }
  return table.toString();
}

/** Four digits that count. */
const shown = (value: number): string => (Number.isInteger(value) ? value.toLocaleString('en-US') : String(Number(value.toPrecision(4))));
