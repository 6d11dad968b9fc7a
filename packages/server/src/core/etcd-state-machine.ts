import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import type { KvResult, KvStateMachine } from '@quorate/kv';
import type { NodeId } from '@quorate/schema';
import { AlarmTable } from './alarms.ts';
import { admit } from './auth/admission.ts';
import type { AuthResult } from './auth/auth-model.ts';
import { AuthStore, refusedForAuth } from './auth/auth-store.ts';
import { withoutTrace } from './command-trace.ts';
import {
  CommandKind,
  decodeAlarmCommand,
  decodeAuthCommand,
  decodeMemberAttributes,
} from './etcd-command.ts';
import { EtcdSnapshotSink, snapshotChunks, snapshotPreamble } from './etcd-snapshot.ts';
import { decodeMemberCommand } from './membership/member-command.ts';
import { type MemberOutcome, type MemberRecord, MemberTable } from './membership/member-table.ts';

/** What applying one command of the service answers. */
export type EtcdResult =
  | KvResult
  | AuthResult
  | MemberAttributesResult
  | MemberResult
  | AlarmResult
  | MalformedCommandResult;

/** The member's name and addresses are kept; the later ones count. */
export interface MemberAttributesResult {
  readonly kind: 'memberAttributes';
}

/** What became of a change of what is written down of members. */
export interface MemberResult {
  readonly kind: 'member';
  readonly outcome: MemberOutcome;
}

/** The alarm is on or off, as the command wanted it. */
export interface AlarmResult {
  readonly kind: 'alarm';
}

/** No member of this version writes such a command; the state is unchanged. */
export interface MalformedCommandResult {
  readonly kind: 'malformedCommand';
}

const attributesResult: MemberAttributesResult = { kind: 'memberAttributes' };
const alarmResult: AlarmResult = { kind: 'alarm' };
const malformedResult: MalformedCommandResult = { kind: 'malformedCommand' };

function isKeyValue(entry: AppliedEntry): boolean {
  return entry.command[0] === CommandKind.keyValue;
}

function withoutKind({ index, term, timestampMicros, command }: AppliedEntry): AppliedEntry {
  return { index, term, timestampMicros, command: command.subarray(1) };
}

/** The key-value store, as far as the rest of the state has to do with it. */
type Store = StateMachine<KvResult> & Pick<KvStateMachine, 'keysOfLease'>;

/**
 * The service's replicated state: the key-value store, users and roles, and what members said of
 * themselves.
 */
export class EtcdStateMachine implements StateMachine<EtcdResult> {
  /** Users, roles, and whether they count. */
  readonly auth = new AuthStore();
  readonly alarms = new AlarmTable();
  readonly members = new MemberTable();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Undefined: nothing is known of it; without a name it has never started. */
  attributesOf(member: NodeId): MemberRecord | undefined {
    return this.members.of(member);
  }

  apply(entries: readonly AppliedEntry[]): readonly EtcdResult[] {
    // The store takes whole batches, and nearly every batch is all the store's.
    if (!this.auth.isEnabled && entries.every(isKeyValue)) {
      return this.#store.apply(entries.map(withoutKind));
    }
    return this.#applyInTurn(entries);
  }

  snapshot(): Iterator<Uint8Array, void> {
    const preamble = snapshotPreamble({
      members: this.members.all,
      auth: this.auth.table(),
      alarms: this.alarms.all,
    });
    return snapshotChunks(preamble, this.#store.snapshot());
  }

  restore(): SnapshotSink {
    return new EtcdSnapshotSink(this.#store.restore(), ({ members, auth, alarms }) => {
      this.members.restore(members);
      this.alarms.restore(alarms);
      this.auth.restore(auth);
    });
  }

  /** What is the store's is gathered until something else needs to see what it does. */
  #applyInTurn(entries: readonly AppliedEntry[]): readonly EtcdResult[] {
    const results: EtcdResult[] = [];
    let gathered: AppliedEntry[] = [];
    const flush = (): void => {
      if (gathered.length === 0) return;
      for (const result of this.#store.apply(gathered)) results.push(result);
      gathered = [];
    };
    const keysOf = (lease: bigint): readonly Uint8Array[] => {
      flush();
      return this.#store.keysOfLease(lease);
    };
    for (const given of entries) {
      const entry = withoutTrace(given);
      const { index, term, timestampMicros } = entry;
      const kind = entry.command[0];
      if (kind !== CommandKind.keyValue && kind !== CommandKind.keyValueAs) {
        flush();
        results.push(this.#applyOwn(entry));
        continue;
      }
      const { refusal, command } = admit(entry.command, this.auth, keysOf);
      if (refusal === null) {
        gathered.push({ index, term, timestampMicros, command });
      } else {
        flush();
        results.push(refusal === 'malformed' ? malformedResult : refusedForAuth(refusal));
      }
    }
    flush();
    return results;
  }

  #applyOwn({ command, index }: AppliedEntry): EtcdResult {
    switch (command[0]) {
      case CommandKind.auth: {
        const decoded = decodeAuthCommand(command);
        if (decoded === null) return malformedResult;
        return this.auth.apply(decoded.command, decoded.asker, index);
      }
      case CommandKind.memberAttributes:
        return this.#keepAttributes(command);
      case CommandKind.member: {
        const decoded = decodeMemberCommand(command);
        if (decoded === null) return malformedResult;
        return { kind: 'member', outcome: this.members.apply(decoded) };
      }
      case CommandKind.alarm:
        return this.#changeAlarm(command);
      default:
        return malformedResult;
    }
  }

  #changeAlarm(command: Uint8Array): EtcdResult {
    const decoded = decodeAlarmCommand(command);
    if (decoded === null) return malformedResult;
    if (decoded.isRaised) this.alarms.raise(decoded.alarm);
    else this.alarms.disarm(decoded.alarm);
    return alarmResult;
  }

  #keepAttributes(command: Uint8Array): EtcdResult {
    const attributes = decodeMemberAttributes(command);
    if (attributes === null) return malformedResult;
    this.members.keep(attributes);
    return attributesResult;
  }
}
