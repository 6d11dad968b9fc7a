import { CodedError } from '@quorate/base';

interface LedgerErrorMetadata {
  LEDGER_BATCH_MALFORMED: {
    readonly offset: number;
    readonly field: string;
    readonly reason: string;
  };
  LEDGER_RESULTS_MALFORMED: { readonly offset: number; readonly reason: string };
  LEDGER_FIELD_INVALID: {
    readonly field: string;
    readonly value: bigint | number;
    readonly limit: bigint | number;
  };
  LEDGER_SNAPSHOT_INVALID: { readonly reason: string };
  LEDGER_PART_DAMAGED: { readonly place: string; readonly reason: string };
  /** Hashes of 32 bits: what this replica has, and what most have. */
  LEDGER_STATE_DIVERGED: {
    readonly check: number;
    readonly own: number;
    readonly majority: number;
  };
}

/**
 * - `LEDGER_BATCH_MALFORMED`: the bytes are no batch of events; `offset` is the byte at which that
 *   showed, `field` the column it lies in, or the part of the head.
 * - `LEDGER_RESULTS_MALFORMED`: the bytes are no answer to a batch.
 * - `LEDGER_FIELD_INVALID`: a value cannot be put into a batch: it is no whole number from 0 to
 *   `limit`. The builder is as it was before.
 * - `LEDGER_SNAPSHOT_INVALID`: what should be a ledger's snapshot is not, or ends too early.
 * - `LEDGER_PART_DAMAGED`: history or accounts that this node keeps beside its snapshots cannot be
 *   read, or are not what was written; other nodes have them.
 * - `LEDGER_STATE_DIVERGED`: most replicas have come from the same log to another state; this one
 *   stops.
 */
export class LedgerError<
  Code extends keyof LedgerErrorMetadata = keyof LedgerErrorMetadata,
> extends CodedError<LedgerErrorMetadata, Code> {
  override readonly name = 'LedgerError';
}

export function batchMalformed(field: string, reason: string, offset: number): never {
  throw new LedgerError(
    'LEDGER_BATCH_MALFORMED',
    `batch of events is malformed at byte ${offset} (${field}): ${reason}; nothing of it was done`,
    { offset, field, reason },
  );
}

export function resultsMalformed(reason: string, offset: number): never {
  throw new LedgerError(
    'LEDGER_RESULTS_MALFORMED',
    `answer to a batch is malformed at byte ${offset}: ${reason}; ` +
      'what became of the batch is unknown, send it again: ids make that harmless',
    { offset, reason },
  );
}

export function snapshotInvalid(reason: string): never {
  throw new LedgerError(
    'LEDGER_SNAPSHOT_INVALID',
    `the snapshot of a ledger cannot be read: ${reason}; take it from another replica`,
    { reason },
  );
}

/** @param place file, offset and length */
export function partDamaged(place: string, reason: string): never {
  throw new LedgerError(
    'LEDGER_PART_DAMAGED',
    `${place} of the ledger's parts cannot be used: ${reason}; look at the disk, then run ` +
      'quorate repair on the data directory of this node and start it again',
    { place, reason },
  );
}

export function fieldInvalid(field: string, value: bigint | number, limit: bigint | number): never {
  throw new LedgerError(
    'LEDGER_FIELD_INVALID',
    `${field} is ${value}, which is no whole number from 0 to ${limit}; correct it, add it again`,
    { field, value, limit },
  );
}
