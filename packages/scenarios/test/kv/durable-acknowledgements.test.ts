import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EntryKind } from '@quorate/schema';
import type { SimulatedCluster } from '@quorate/sim';
import { AppliedLog } from '../../src/kv/applied-log.ts';
import { DurableAcknowledgements, zoneOf } from '../../src/kv/durable-acknowledgements.ts';

interface Replica {
  readonly durableIndex: number;
  /** Of the entry at index 5; null: it is cut off, and covered by a snapshot. */
  readonly term: number | null;
  readonly isWithheld?: boolean;
}

/** @returns what is said of index 5, acknowledged as durable in two of three failure domains */
function judge(replicas: readonly Replica[]): string {
  const failures: string[] = [];
  const nodes = replicas.map(({ durableIndex, term, isWithheld = false }, at) => {
    const kind = isWithheld ? EntryKind.withheld : EntryKind.command;
    const raft = {
      durableIndex,
      snapshot: { index: term === null ? 5 : 0, withheld: isWithheld },
      entryAt: () => (term === null ? null : { term, kind }),
    };
    return { id: at + 1, replicas: new Map([[1, raft]]) };
  });
  const cluster = { nodes, fail: (error: Error) => failures.push(error.message) };
  const log = new AppliedLog((error) => failures.push(error.message));
  const entry = { index: 5, term: 3, timestampMicros: 1, command: new Uint8Array(0) };
  log.add(1, entry, { kind: 'put', previous: null, revision: 2 });
  const durable = new DurableAcknowledgements({
    cluster: cluster as unknown as SimulatedCluster,
    group: 1,
    zones: 3,
    log,
  });
  durable.acknowledged(5, { depth: 1, domains: 2 });
  return failures[0] ?? '';
}

describe('an acknowledged durability class', () => {
  const holder = { durableIndex: 6, term: 3 };

  it('is kept when so many domains hold the entry', () => {
    assert.equal(judge([holder, holder, { durableIndex: 4, term: 3 }]), '');
    assert.equal(judge([holder, { durableIndex: 5, term: null }]), '');
    assert.equal(zoneOf(1, 3), zoneOf(4, 3));
  });

  it('is not kept by an entry that is not durable, is another, or has no data', () => {
    for (const other of [
      { durableIndex: 4, term: 3 },
      { durableIndex: 9, term: 2 },
      { durableIndex: 9, term: 3, isWithheld: true },
      { durableIndex: 9, term: null, isWithheld: true },
    ]) {
      assert.match(judge([holder, other]), /^durability class: index 5 .* only in zone0$/);
    }
  });

  it('is not kept by two nodes of one domain', () => {
    const behind = { durableIndex: 0, term: 3 };
    assert.match(judge([holder, behind, behind, holder]), /only in zone0/);
  });
});
