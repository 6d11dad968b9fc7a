import type { Logger, Network } from '@quorate/base';
import type { AddressLike, IdentityRule, LogOptions, TlsOptions } from '@quorate/node';
import type { NodeId } from '@quorate/schema';
import type { ElectionClaimsOptions } from './claims/election-claims.ts';
import type { ElectionTiming } from './core/election-timing.ts';
import type { ElectionValue } from './election.ts';

/** A founder of an election. */
export interface ElectionPeer {
  readonly id: NodeId;
  readonly address: AddressLike;
}

/** Who may speak with this node: both ends of each connection show a certificate. */
export interface ElectionTls extends TlsOptions, IdentityRule {
  /** The authorities whose certificates are accepted; without it anyone could vote. */
  readonly trustedCaFile: string;
}

/** When a voter counts as dead, and how far the voters may become fewer by that. */
export interface DeadNodeRemoval {
  /**
   * A voter may be removed when the leader has not heard it for so long, and a majority of the
   * voters does not reach it either; at least 10 election timeouts.
   */
  readonly afterMs: number;
  /**
   * With so many voters none is removed; at least 2, and at most the number of founders. Default 3.
   */
  readonly floor?: number;
}

/** `id`, `dataDir`, and the first time `peers` or `join`, are needed. */
export interface ElectionOptions {
  /** A whole number from 1, of this node alone, for good. */
  readonly id: NodeId;
  /**
   * All founders, this node included, by id or as a list; the same on each of them, also at later
   * starts. Three of them bear the loss of one, five that of two.
   */
  readonly peers?: Readonly<Record<NodeId, AddressLike>> | readonly ElectionPeer[];
  /** This node's alone; holds terms, votes and the record. Null: in memory, for tests. */
  readonly dataDir: string | null;
  /** Where this node listens. Left out: its own address of `peers`. */
  readonly listen?: AddressLike;
  /** Any members of an election that runs, instead of `peers`. */
  readonly join?: readonly AddressLike[];
  /** Tells elections apart that have the same founders' ids. Default 'election'. */
  readonly cluster?: string;
  /** What this node says of itself when it leads; at most 4,096 bytes. Default: nothing. */
  readonly value?: ElectionValue;
  /** The same on every node. Default: 40 ms, 200 ms, 0.01. */
  readonly timing?: Partial<ElectionTiming>;
  /**
   * Voters that have died are removed after a while, by a change that a majority commits. Left out:
   * they stay members. The same on every node, for whoever leads goes by its own.
   */
  readonly removeDead?: DeadNodeRemoval;
  /**
   * Whether this node asks to be taken in again when it comes back and was removed meanwhile.
   * Default: yes with `removeDead`, else no.
   */
  readonly rejoin?: boolean;
  /** For nodes that sign: see `Election.claims`. The same nodes have it, at later starts too. */
  readonly claims?: ElectionClaimsOptions;
  /** Left out: plain TCP, where whoever reaches the port is taken for a peer. */
  readonly tls?: ElectionTls;
  /**
   * Instead of `tls`: 16, 24 or 32 random bytes, or their hex digits, the same on every node. Links
   * are encrypted, and only who has the key is let in; but whoever has it can be any node.
   */
  readonly sharedKey?: string | Uint8Array;
  /** Of the last restore from a backup, 0 to 65,535; the same on every node. Default 0. */
  readonly generation?: number;
  /** How long `resign` and `close` wait for the work of `withLeadership`. Default 10,000. */
  readonly workEndsWithinMs?: number;
  /** How many observers this node tells who leads; others are sent on. 1 to 1,000, default 128. */
  readonly maxObservers?: number;
  /** Joining is given up after this. Default 30,000. */
  readonly timeoutMs?: number;
  /** Instead of TCP and of `tls`. */
  readonly network?: (logger: Logger) => Network;
  readonly log?: LogOptions;
  /** Called when the node had to stop itself (a failed fsync, say). Default: exit with code 1. */
  readonly onHalt?: (error: Error) => void;
}
