/** What is wrong with a member, and stands until somebody disarms it. */
export interface Alarm {
  readonly memberId: bigint;
  /** `noSpace`: writes are refused. `corrupt`: everything is. */
  readonly kind: 'noSpace' | 'corrupt';
}

/** What an operator asks of the cluster or of one of its members. */
export interface Maintenance {
  alarms(): Promise<Alarm[]>;
  /** Ends all alarms there are; make room first. Tells which there were. */
  disarm(): Promise<Alarm[]>;
  /** Asks one endpoint to give back what room it can; Quorate does that without being asked. */
  defragment(endpoint: string): Promise<void>;
  /**
   * Compares replicas: those that agree up to a revision, and were compacted alike, have the same.
   *
   * @param revision 0: what the endpoint has now
   */
  hash(endpoint: string, revision?: number): Promise<HashResult>;
  /** Hands the lead to another voter. The leader must be among the client's endpoints. */
  moveLeader(memberId: bigint): Promise<void>;
}

/** A checksum over history from the compacted revision up to `revision`. */
export interface HashResult {
  readonly hash: number;
  readonly revision: number;
  readonly compactRevision: number;
}
