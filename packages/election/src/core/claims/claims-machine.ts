import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import type { ResultCodec } from '@quorate/runtime';
import { decodeClaimsCommand } from './claims-command.ts';
import type { ClaimsResult, KeyClaims } from './claims-model.ts';
import { claimsResults } from './claims-result.ts';
import { ClaimsSnapshot, ClaimsSnapshotSink } from './claims-snapshot.ts';
import { ClaimsTable } from './claims-table.ts';

/**
 * Claims as a replicated state machine. Once a claim was answered by `sign`, no other digest is
 * ever accepted at that position, whoever asks, under whatever leadership: the look at the
 * watermark and its change are one command. Commands are what `encodeClaimsCommand` makes; one that
 * cannot be read is answered as `malformed` and changes nothing.
 */
export class ClaimsMachine implements StateMachine<ClaimsResult> {
  /** For client sessions, which remember results. */
  readonly results: ResultCodec<ClaimsResult> = claimsResults;
  #table = new ClaimsTable();

  /** What is known of `key`; null: nothing. Not to be written to. */
  of(key: Uint8Array): KeyClaims | null {
    return this.#table.of(key);
  }

  /** Of all keys, in the order in which they were first seen. Not to be written to. */
  all(): readonly KeyClaims[] {
    return this.#table.all();
  }

  apply(entries: readonly AppliedEntry[]): readonly ClaimsResult[] {
    return entries.map(({ command }) => this.#applyOne(command));
  }

  snapshot(): Iterator<Uint8Array, void> {
    return new ClaimsSnapshot(this.#table.all());
  }

  /** @throws ElectionError CLAIM_SNAPSHOT_INVALID, from the sink; the state is then as before */
  restore(): SnapshotSink {
    return new ClaimsSnapshotSink((all) => {
      this.#table = new ClaimsTable(all);
    });
  }

  #applyOne(bytes: Uint8Array): ClaimsResult {
    const command = decodeClaimsCommand(bytes);
    switch (command.kind) {
      case 'claim':
        return this.#table.claim(command);
      case 'stored':
        return this.#table.stored(command);
      case 'raiseFloor':
        return this.#table.raiseFloor(command);
      case 'malformed':
        return command;
    }
  }
}
