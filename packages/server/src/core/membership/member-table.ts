import type { NodeId } from '@quorate/schema';
import type { MemberAttributes } from '../member-attributes.ts';
import type { MemberCommand, PeerUrlsOf } from './member-command.ts';

/** All that is written down of one member; empty is what is not known yet. */
export interface MemberRecord extends MemberAttributes, PeerUrlsOf {}

export type RecordByMember = ReadonlyMap<NodeId, MemberRecord>;

/** `peerUrlsTaken`: nothing was changed. */
export type MemberOutcome = 'done' | 'peerUrlsTaken';

/**
 * Names and addresses of members: replicated state. Who is a member, and in which part, only Raft's
 * configuration says (ADR 0034); what is here of others is left over, and goes.
 */
export class MemberTable {
  #records: ReadonlyMap<NodeId, MemberRecord> = new Map();
  readonly #listeners = new Set<() => void>();

  get all(): RecordByMember {
    return this.#records;
  }

  /** Undefined: nothing is known of it. */
  of(member: NodeId): MemberRecord | undefined {
    return this.#records.get(member);
  }

  /** Called after each change, from within `apply`. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  apply(command: MemberCommand): MemberOutcome {
    switch (command.kind) {
      case 'locate':
        return this.#locate(command);
      case 'forget':
        this.#change((records) => void records.delete(command.member));
        return 'done';
      case 'introduce':
        this.#change((records) => {
          for (const one of command.members) {
            const known = records.get(one.member);
            if (known === undefined || known.peerUrls.length === 0) put(records, one);
          }
        });
        return 'done';
    }
  }

  /** What a member says of itself when it starts. */
  keep(attributes: MemberAttributes): void {
    this.#change((records) => put(records, attributes));
  }

  restore(records: RecordByMember): void {
    this.#records = new Map(records);
    this.#tell();
  }

  #locate(command: MemberCommand & { readonly kind: 'locate' }): MemberOutcome {
    const { member, peerUrls, among } = command;
    const taken = among.some(
      (id) => id !== member && this.of(id)?.peerUrls.some((url) => peerUrls.includes(url)) === true,
    );
    if (taken) return 'peerUrlsTaken';
    this.#change((records) => put(records, { member, peerUrls }));
    return 'done';
  }

  /** On a copy, for a snapshot may be reading the one before. */
  #change(change: (records: Map<NodeId, MemberRecord>) => void): void {
    const records = new Map(this.#records);
    change(records);
    this.#records = records;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function put(
  records: Map<NodeId, MemberRecord>,
  told: Partial<MemberRecord> & Pick<MemberRecord, 'member'>,
): void {
  const known = records.get(told.member) ?? { name: '', clientUrls: [], peerUrls: [] };
  records.set(told.member, { ...known, ...told });
}
