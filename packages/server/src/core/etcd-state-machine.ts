import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import type { KvResult } from '@quorate/kv';
import type { NodeId } from '@quorate/schema';
import { CommandKind, decodeMemberAttributes } from './etcd-command.ts';
import { EtcdSnapshotSink, snapshotChunks, snapshotPreamble } from './etcd-snapshot.ts';
import type { MemberAttributes } from './member-attributes.ts';

/** What applying one command of the service answers. */
export type EtcdResult = KvResult | MemberAttributesResult | MalformedCommandResult;

/** The member's name and addresses are kept; the later ones count. */
export interface MemberAttributesResult {
  readonly kind: 'memberAttributes';
}

/** No member of this version writes such a command; the state is unchanged. */
export interface MalformedCommandResult {
  readonly kind: 'malformedCommand';
}

const attributesResult: MemberAttributesResult = { kind: 'memberAttributes' };
const malformedResult: MalformedCommandResult = { kind: 'malformedCommand' };

function isKeyValue(entry: AppliedEntry): boolean {
  return entry.command[0] === CommandKind.keyValue;
}

function withoutKind({ index, term, timestampMicros, command }: AppliedEntry): AppliedEntry {
  return { index, term, timestampMicros, command: command.subarray(1) };
}

/** The service's replicated state: the key-value store, and what members said of themselves. */
export class EtcdStateMachine implements StateMachine<EtcdResult> {
  readonly #store: StateMachine<KvResult>;
  #attributes: Map<NodeId, MemberAttributes> = new Map();

  constructor(store: StateMachine<KvResult>) {
    this.#store = store;
  }

  /** Undefined: the member has never started. */
  attributesOf(member: NodeId): MemberAttributes | undefined {
    return this.#attributes.get(member);
  }

  apply(entries: readonly AppliedEntry[]): readonly EtcdResult[] {
    // The store takes whole batches, and nearly every batch is all the store's.
    if (entries.every(isKeyValue)) return this.#store.apply(entries.map(withoutKind));
    return entries.map((entry) => {
      if (!isKeyValue(entry)) return this.#applyOwn(entry.command);
      return this.#store.apply([withoutKind(entry)])[0] as KvResult;
    });
  }

  snapshot(): Iterator<Uint8Array, void> {
    return snapshotChunks(snapshotPreamble(this.#attributes), this.#store.snapshot());
  }

  restore(): SnapshotSink {
    return new EtcdSnapshotSink(this.#store.restore(), (attributes) => {
      this.#attributes = attributes;
    });
  }

  #applyOwn(command: Uint8Array): EtcdResult {
    if (command[0] !== CommandKind.memberAttributes) return malformedResult;
    const attributes = decodeMemberAttributes(command);
    if (attributes === null) return malformedResult;
    this.#attributes.set(attributes.member, attributes);
    return attributesResult;
  }
}
