import type { NodeId } from '@quorate/schema';
import type { ElectionTiming } from '../core/election-timing.ts';
import {
  defaultFloor,
  leastFloor,
  leastTimeoutsDead,
  type RemovalRule,
} from '../core/members/dead-voter.ts';
import type { ElectionOptions } from '../election-options.ts';
import { checkKeys, checkNumber, refuse, shown } from '../refuse-option.ts';

/** What the options say of members that die and come back. */
export interface ParsedMembersOptions {
  /** Null: dead nodes stay members. */
  readonly rule: RemovalRule | null;
  /** Whether this node asks to be taken in again when it was removed as dead. */
  readonly rejoins: boolean;
}

const mostMs = 2 ** 31 - 1;
const mostFloor = 99;

/**
 * @param founders null: not known, this node joins
 * @throws ElectionError ELECTION_OPTIONS_INVALID
 */
export function parseMembersOptions(
  { removeDead, rejoin }: Pick<ElectionOptions, 'removeDead' | 'rejoin'>,
  { electionTimeoutMs }: ElectionTiming,
  founders: ReadonlyMap<NodeId, unknown> | null,
): ParsedMembersOptions {
  if (rejoin !== undefined && typeof rejoin !== 'boolean') {
    refuse('rejoin', `is ${shown(rejoin)}`, 'give true or false');
  }
  if (removeDead === undefined) return { rule: null, rejoins: rejoin ?? false };
  checkKeys('removeDead.', removeDead, ['afterMs', 'floor']);
  const { afterMs, floor = defaultFloor } = removeDead;
  if (afterMs === undefined) {
    const fix = 'say after how many milliseconds of silence a node may be removed, such as 60000';
    refuse('removeDead.afterMs', 'is missing', fix);
  }
  checkNumber('removeDead.afterMs', afterMs, 1, mostMs);
  const leastMs = leastTimeoutsDead * electionTimeoutMs;
  if (afterMs < leastMs) {
    const problem = `is ${afterMs}, less than ${leastTimeoutsDead} election timeouts`;
    const fix = `give at least ${leastMs}, or nodes that only restart would be removed`;
    refuse('removeDead.afterMs', problem, fix);
  }
  checkFloor(floor);
  const count = founders?.size ?? mostFloor;
  if (removeDead.floor !== undefined && floor > count) {
    const problem = `is ${floor}, and there are ${count} peers`;
    refuse('removeDead.floor', problem, `give at most ${count}, or nobody is ever removed`);
  }
  return { rule: { afterMs, floor }, rejoins: rejoin ?? true };
}

function checkFloor(floor: number): void {
  const field = 'removeDead.floor';
  if (Number(floor) === 1) {
    const problem = 'is 1, and two that lose each other would each go on alone';
    refuse(field, problem, `give at least ${leastFloor}; the last but one may leave by itself`);
  }
  checkNumber(field, floor, leastFloor, mostFloor);
}
