/** What a process of a bench is told when it starts, as JSON, its only argument. */
export interface MemberPlan {
  readonly id: number;
  /** Where each member listens on loopback, the first one first. */
  readonly ports: readonly number[];
  /** Where this member reaches each of them: there, or a link to there. */
  readonly routes: readonly number[];
  /** This member's alone. */
  readonly directory: string;
  readonly heartbeatIntervalMs: number;
  readonly electionTimeoutMs: number;
  /** What else this kind of member needs. */
  readonly extra: Readonly<Record<string, string>>;
}

/** What a member is asked. */
export type Asked = 'resign' | 'close' | 'stop' | 'usage';

/** What a member tells. `atNs` is of a clock that all processes of a machine share. */
export interface Told {
  readonly id: number;
  readonly what:
    | 'open'
    /** It leads from now on. */
    | 'elected'
    | 'lost'
    /** It knows who leads, itself maybe. */
    | 'follows'
    /** It was asked to resign or to close, and begins. */
    | 'gives up'
    /** It stops itself with SIGSTOP. */
    | 'stops'
    /** It goes on: the turn in which it stopped itself has not ended yet. */
    | 'woken'
    | 'usage'
    /** Something else that a peer wants to have said. */
    | 'says';
  readonly atNs: bigint;
  /** Larger for each leadership; 0 where it means nothing. */
  readonly token: bigint;
  /** Whether it takes itself for the leader. */
  readonly leads: boolean;
  /** How often it acted as leader since it was woken. */
  readonly acts: number;
  readonly text: string;
  readonly usage: Usage | null;
}

/** Since the process began. */
export interface Usage {
  readonly cpuMicros: number;
  readonly sentBytes: number;
  /** Each is a packet, as long as it is small. */
  readonly writes: number;
  readonly residentBytes: number;
}
