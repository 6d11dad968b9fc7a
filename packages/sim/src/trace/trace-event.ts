import type { Role } from '@quorate/raft';
import type { GroupId, LogIndex, NodeId, PeerMessage, Term } from '@quorate/schema';
import type { LogLine } from '../node-world.ts';

interface Happened {
  /** Virtual time. */
  readonly atMs: number;
}

/** A node wrote to its log. */
export interface TracedLog extends LogLine {
  readonly kind: 'log';
  readonly node: NodeId;
}

/** A turn of one replica in which something changed, came or went. */
export interface TracedTurn extends Happened {
  readonly kind: 'turn';
  readonly node: NodeId;
  readonly group: GroupId;
  readonly role: Role;
  readonly term: Term;
  /** 0: none in this term. */
  readonly votedFor: NodeId;
  readonly lastIndex: LogIndex;
  /** Null when the log is cut off just there. */
  readonly lastTerm: Term | null;
  readonly durableIndex: LogIndex;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  /** Since its turn before, in order. */
  readonly received: readonly PeerMessage[];
  readonly sent: readonly PeerMessage[];
}

/** A nemesis struck. */
export interface TracedStrike extends Happened {
  readonly kind: 'strike';
  readonly nemesis: string;
}

/** Something happened to a whole node. */
export interface TracedNode extends Happened {
  readonly kind: 'node';
  readonly node: NodeId;
  readonly what:
    | 'start'
    | 'stop'
    | 'kill'
    | 'power loss'
    | 'pause'
    | 'suspend'
    | 'resume'
    | 'halted'
    | 'disk lost'
    | 'repair'
    | 'repaired'
    | 'replaced';
  /** Why, where there is something to say. */
  readonly why: string;
}

/** What a trace of a simulated cluster is made of; `atMs` is virtual time, and never falls. */
export type TraceEvent = TracedLog | TracedTurn | TracedStrike | TracedNode;
