import { assert } from '@quorate/base';
import { Column } from '../columns/column.ts';
import { OpenChunk } from '../transfers/open-chunk.ts';
import { SealedChunk } from '../transfers/sealed-chunk.ts';
import {
  LaneColumn,
  laneCounts,
  NumberColumn,
  type TransferChunk,
} from '../transfers/transfer-chunk.ts';
import { mayHold, narrowColumn } from './narrow-column.ts';

/** One column of transfers has to have one value. */
export type TransferCondition =
  | { readonly kind: 'number'; readonly column: NumberColumn; readonly value: number }
  | { readonly kind: 'lanes'; readonly column: UserDataColumn; readonly value: bigint };

type UserDataColumn = typeof LaneColumn.userData128 | typeof LaneColumn.userData64;

/** What filters may ask of a transfer; 0 or left out asks for nothing. */
interface Wanted {
  readonly userData128: bigint;
  readonly userData64: bigint;
  readonly userData32: number;
  readonly code: number;
  readonly ledger?: number;
}

/** @returns what the filter asks for, the cheapest first */
export function transferConditions(wanted: Wanted): readonly TransferCondition[] {
  const { code, ledger = 0, userData32, userData64, userData128 } = wanted;
  const conditions: TransferCondition[] = [
    { kind: 'number', column: NumberColumn.code, value: code },
    { kind: 'number', column: NumberColumn.ledger, value: ledger },
    { kind: 'number', column: NumberColumn.userData32, value: userData32 },
    { kind: 'lanes', column: LaneColumn.userData64, value: userData64 },
    { kind: 'lanes', column: LaneColumn.userData128, value: userData128 },
  ];
  return conditions.filter(({ value }) => value !== 0 && value !== 0n);
}

/** Whether the condition holds for one row. */
export function holds(chunk: TransferChunk, condition: TransferCondition, row: number): boolean {
  if (condition.kind === 'number') return chunk.number(condition.column, row) === condition.value;
  const { column, value } = condition;
  for (let lane = 0; lane < laneCounts[column]; lane++)
    if (chunk.lane(column, row, lane) !== laneOf(value, lane)) return false;
  return true;
}

/** Whether it may hold for a row of the chunk, as far as can be told without looking at any. */
export function mayHoldIn(chunk: TransferChunk, condition: TransferCondition): boolean {
  if (!(chunk instanceof SealedChunk)) return true;
  return mayHold(columnOf(chunk, condition), BigInt(condition.value));
}

/**
 * @param rows the first `count` of them are rows of the chunk; those for which it holds come first
 * @returns for how many it holds
 */
export function narrow(
  chunk: TransferChunk,
  condition: TransferCondition,
  rows: Uint32Array,
  count: number,
): number {
  if (chunk instanceof SealedChunk)
    return narrowColumn(columnOf(chunk, condition), BigInt(condition.value), rows, count);
  assert(chunk instanceof OpenChunk, 'a chunk is sealed or open');
  const { column, value } = condition;
  if (condition.kind === 'lanes')
    return narrowLanes(chunk, condition.column, condition.value, rows, count);
  const values = chunk.numbers(column as NumberColumn);
  if (values === null) return value === 0 ? count : 0;
  if (values instanceof Uint16Array) return narrowUint16(values, value as number, rows, count);
  assert(values instanceof Uint32Array, 'nobody asks for transfers of one amount');
  return narrowUint32(values, value as number, rows, count);
}

function columnOf(chunk: SealedChunk, condition: TransferCondition): Column {
  if (condition.kind === 'number') return chunk.numberColumn(condition.column);
  const column = chunk.laneColumn(condition.column);
  assert(column instanceof Column, 'only ids and timestamps come in runs');
  return column;
}

function laneOf(value: bigint, lane: number): number {
  return Number((value >> BigInt(lane * 32)) & 0xffffffffn);
}

function narrowUint16(
  values: Uint16Array,
  value: number,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    rows[kept] = row;
    kept += values[row] === value ? 1 : 0;
  }
  return kept;
}

function narrowUint32(
  values: Uint32Array,
  value: number,
  rows: Uint32Array,
  count: number,
): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const row = rows[i] as number;
    rows[kept] = row;
    kept += values[row] === value ? 1 : 0;
  }
  return kept;
}

/** The value is not 0, so that a column that no transfer has needed yet has none. */
function narrowLanes(
  chunk: OpenChunk,
  column: UserDataColumn,
  value: bigint,
  rows: Uint32Array,
  count: number,
): number {
  if (!chunk.has(column)) return 0;
  const values = chunk.lanes(column);
  const stride = laneCounts[column];
  let left = count;
  for (let lane = 0; lane < stride; lane++) {
    const wanted = laneOf(value, lane);
    let kept = 0;
    for (let i = 0; i < left; i++) {
      const row = rows[i] as number;
      rows[kept] = row;
      kept += values[row * stride + lane] === wanted ? 1 : 0;
    }
    left = kept;
  }
  return left;
}
