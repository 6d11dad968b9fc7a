/**
 * One member of the cluster. `name` and `clientUrls` are empty for one that was added and has not
 * started yet.
 */
export interface ClientMember {
  readonly id: bigint;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

/** As what a member is added. */
export interface AddMemberOptions {
  /** Without a vote until it is promoted. Default: it gets one. */
  readonly isLearner?: boolean;
}

/** The member as it is now, and all members. */
export interface MemberChange {
  readonly clusterId: bigint;
  readonly member: ClientMember | null;
  readonly members: readonly ClientMember[];
}

/** Who is a member, and changes of that. */
export interface Cluster {
  members(): Promise<ClientMember[]>;
  /** @param peerUrls where the new member will be reached by the others */
  add(peerUrls: readonly string[], options?: AddMemberOptions): Promise<MemberChange>;
  /** For good: its data directory is of no more use. `member` of the answer is null. */
  remove(id: bigint): Promise<MemberChange>;
  /** Tells the others that they reach it elsewhere from now on. */
  update(id: bigint, peerUrls: readonly string[]): Promise<MemberChange>;
  /** Gives a learner that has caught up its vote. */
  promote(id: bigint): Promise<MemberChange>;
}
