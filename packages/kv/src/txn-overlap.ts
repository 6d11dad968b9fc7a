import { compareBytes } from '@quorate/base';
import { isEmptyInterval, keyInterval } from './key-range.ts';
import type { Operation } from './model.ts';

/**
 * One key may be written once in a transaction: two puts of it, or a put and a delete that covers
 * it, are refused wherever they can run together; that a branch is not taken is no excuse. The two
 * branches of one nested transaction never run together, so these may write the same key. Deletes
 * may overlap deletes.
 *
 * This is what lets a main revision alone identify a version of a key.
 *
 * Every list is checked as a set of members, where a member is one operation and a nested
 * transaction stands for all that is in it: a write of one member must not meet a write of another.
 * Sets are kept sorted on the way up, so the work is near linear in the operations for each level
 * (the sort finds the runs), for any shape a hostile client may send.
 */
export function hasWriteOverlap(operations: readonly Operation[]): boolean {
  return collectWrites(operations) === null;
}

interface Put {
  readonly key: Uint8Array;
  member: number;
}

interface Delete {
  readonly start: Uint8Array;
  readonly end: Uint8Array | null;
  member: number;
}

interface Writes {
  /** By key. */
  readonly puts: Put[];
  /** By start. */
  readonly deletes: Delete[];
}

/** @returns null when two members write the same key */
function collectWrites(operations: readonly Operation[]): Writes | null {
  const puts: Put[] = [];
  const deletes: Delete[] = [];
  for (let member = 0; member < operations.length; member++) {
    const operation = operations[member] as Operation;
    if (operation.kind === 'put') {
      puts.push({ key: operation.key, member });
    } else if (operation.kind === 'deleteRange') {
      const interval = keyInterval(operation);
      if (!isEmptyInterval(interval)) deletes.push({ ...interval, member });
    } else if (operation.kind === 'txn') {
      for (const branch of [operation.success, operation.failure]) {
        const nested = collectWrites(branch);
        if (nested === null) return null;
        for (const put of nested.puts) {
          put.member = member;
          puts.push(put);
        }
        for (const deletion of nested.deletes) {
          deletion.member = member;
          deletes.push(deletion);
        }
      }
    }
  }
  puts.sort((a, b) => compareBytes(a.key, b.key));
  deletes.sort((a, b) => compareBytes(a.start, b.start));
  return hasDoublePut(puts) || hasDeletedPut(puts, deletes) ? null : { puts, deletes };
}

function hasDoublePut(puts: readonly Put[]): boolean {
  for (let i = 1; i < puts.length; i++) {
    const previous = puts[i - 1] as Put;
    const put = puts[i] as Put;
    if (put.member !== previous.member && compareBytes(put.key, previous.key) === 0) return true;
  }
  return false;
}

/**
 * Walks both sorted lists once. Of the deletes that begin at or before a put's key only the one
 * that reaches farthest matters, and should that be of the put's own member, the farthest of any
 * other.
 */
function hasDeletedPut(puts: readonly Put[], deletes: readonly Delete[]): boolean {
  let farthest: Delete | null = null;
  let farthestOfOthers: Delete | null = null;
  let next = 0;
  for (const put of puts) {
    for (; next < deletes.length; next++) {
      const deletion = deletes[next] as Delete;
      if (compareBytes(deletion.start, put.key) > 0) break;
      if (farthest === null || deletion.member === farthest.member) {
        if (reaches(deletion, farthest)) farthest = deletion;
      } else if (reaches(deletion, farthest)) {
        farthestOfOthers = farthest;
        farthest = deletion;
      } else if (reaches(deletion, farthestOfOthers)) {
        farthestOfOthers = deletion;
      }
    }
    const rival: Delete | null = farthest?.member === put.member ? farthestOfOthers : farthest;
    if (rival !== null && (rival.end === null || compareBytes(put.key, rival.end) < 0)) return true;
  }
  return false;
}

function reaches(deletion: Delete, other: Delete | null): boolean {
  if (other === null) return true;
  if (other.end === null) return false;
  return deletion.end === null || compareBytes(deletion.end, other.end) > 0;
}
