import { etcd, type Init } from '@quorate/schema';
import { type BytesLike, bytesOf, type KeyOrRange, wireRange } from './key-range.ts';

/** How what is there is compared with what is given. */
export type Relation = '=' | '!=' | '<' | '>';

/** One condition of a transaction; `compare` makes it. */
export interface Comparison {
  /** As the API has it. */
  readonly wire: Init<etcd.Compare>;
}

const results: Readonly<Record<Relation, number>> = {
  '=': etcd.CompareResult.EQUAL,
  '!=': etcd.CompareResult.NOT_EQUAL,
  '<': etcd.CompareResult.LESS,
  '>': etcd.CompareResult.GREATER,
};

function comparison(
  key: KeyOrRange,
  relation: Relation,
  what: Pick<Init<etcd.Compare>, 'target' | 'version' | 'createRevision' | 'modRevision'> & {
    readonly value?: Uint8Array;
    readonly lease?: bigint;
  },
): Comparison {
  return { wire: { ...wireRange(key), result: results[relation], ...what } };
}

const { CompareTarget } = etcd;

/**
 * Conditions of a transaction. On a range each holds when it holds for every key in it; a key that
 * is not there has version, revisions and lease 0, and no value that any comparison is true of.
 */
export const compare = {
  version: (key: KeyOrRange, relation: Relation, version: number): Comparison =>
    comparison(key, relation, { target: CompareTarget.VERSION, version }),
  createRevision: (key: KeyOrRange, relation: Relation, createRevision: number): Comparison =>
    comparison(key, relation, { target: CompareTarget.CREATE, createRevision }),
  modRevision: (key: KeyOrRange, relation: Relation, modRevision: number): Comparison =>
    comparison(key, relation, { target: CompareTarget.MOD, modRevision }),
  value: (key: KeyOrRange, relation: Relation, value: BytesLike): Comparison =>
    comparison(key, relation, { target: CompareTarget.VALUE, value: bytesOf(value) }),
  lease: (key: KeyOrRange, relation: Relation, lease: bigint): Comparison =>
    comparison(key, relation, { target: CompareTarget.LEASE, lease }),
  exists: (key: BytesLike): Comparison => compare.createRevision(key, '>', 0),
  missing: (key: BytesLike): Comparison => compare.createRevision(key, '=', 0),
};
