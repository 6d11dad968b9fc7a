import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import type { Term } from '@quorate/schema';
import { maxToken } from './election-bytes.ts';
import { decodeElectionCommand } from './election-command.ts';
import type {
  ElectionCommand,
  ElectionRecord,
  ElectionRefusal,
  ElectionResult,
  LeadCommand,
  ProclaimCommand,
  ResignCommand,
} from './election-model.ts';
import { ElectionSnapshotSink, electionSnapshot } from './election-snapshot.ts';

/** Tokens of one restore generation: more than are granted in a thousand years. */
const generationBits = 48n;

/**
 * Who leads, as a replicated state machine: one record, of the last leadership that was granted.
 * Whatever cannot be done is refused by the result, so nothing that is in a log stops a replica.
 *
 * It knows nothing of time: that a record is held says who may lead, not who does. See `Elector`.
 */
export class ElectionMachine implements StateMachine<ElectionResult> {
  #record: ElectionRecord | null = null;

  /** Another object after each change; null: nobody has ever led. */
  get record(): ElectionRecord | null {
    return this.#record;
  }

  /** The largest there ever was, 0 before the first. */
  get lastToken(): bigint {
    return this.#record?.token ?? 0n;
  }

  apply(entries: readonly AppliedEntry[]): readonly ElectionResult[] {
    return entries.map(({ command: bytes, term }) => {
      const command = decodeElectionCommand(bytes);
      return command === null ? refused('malformed') : this.#execute(command, term);
    });
  }

  #execute(command: ElectionCommand, term: Term): ElectionResult {
    switch (command.kind) {
      case 'lead':
        return this.#lead(command, term);
      case 'proclaim':
        return this.#proclaim(command, term);
      case 'resign':
        return this.#resign(command);
    }
  }

  #lead({ leader, term, generation, lease, value }: LeadCommand, entryTerm: Term): ElectionResult {
    // A command that was handed on to the leader of another term is not that leader's own.
    if (entryTerm !== term) return refused('staleTerm');
    const next = this.lastToken + 1n;
    const floor = BigInt(generation) << generationBits;
    const token = next > floor ? next : floor;
    if (token > maxToken) return refused('tokensExhausted');
    this.#record = { token, term, leader, lease, value: value.slice(), held: true };
    return { outcome: 'led', token };
  }

  #proclaim({ token, value }: ProclaimCommand, entryTerm: Term): ElectionResult {
    const record = this.#recordOf(token);
    if (record === null) return refused('staleToken');
    if (entryTerm !== record.term) return refused('staleTerm');
    this.#record = { ...record, value: value.slice() };
    return { outcome: 'proclaimed' };
  }

  #resign({ token }: ResignCommand): ElectionResult {
    const record = this.#recordOf(token);
    if (record === null) return refused('staleToken');
    this.#record = { ...record, held: false };
    return { outcome: 'resigned' };
  }

  /** Null when the leadership is over. */
  #recordOf(token: bigint): ElectionRecord | null {
    const record = this.#record;
    return record?.held && record.token === token ? record : null;
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [electionSnapshot(this.#record)].values();
  }

  restore(): SnapshotSink {
    return new ElectionSnapshotSink((record) => {
      this.#record = record;
    });
  }
}

function refused(reason: ElectionRefusal): ElectionResult {
  return { outcome: 'refused', reason };
}
