import type { Address, Logger, Network } from '@quorate/base';
import type { AddressLike, LogOptions } from '@quorate/node';
import type { Term } from '@quorate/schema';
import type { CallOptions, Leader } from '../election.ts';
import type { ElectionTls } from '../election-options.ts';

/** `from` is needed. */
export interface ObserverOptions {
  /**
   * Members of the election, or other observers with `listen`, in the order of preference; the next
   * one when one fails. Others are learned from those. Of many observers, have few fed by members,
   * and the others by those.
   */
  readonly from: readonly AddressLike[];
  /** Where others may observe through this one. Left out: nowhere. */
  readonly listen?: AddressLike;
  /** Where those reach it, if not as it listens: behind a wildcard, or an address translation. */
  readonly advertise?: AddressLike;
  /** The election's name, to be sure that it is the right one. Left out: whichever is there. */
  readonly cluster?: string;
  /**
   * How often it hears from its source when nothing changes; changes come at once. From 100 to
   * 30,000, default 1,000.
   */
  readonly refreshMs?: number;
  /**
   * `leader()` is null when what is known is older. At least three times `refreshMs`; Infinity: the
   * last that was heard stands. Default 10,000, or ten times `refreshMs` if that is more.
   */
  readonly maxStaleMs?: number;
  /** How many may observe through this one; others are sent on. From 1 to 1,000, default 500. */
  readonly maxObservers?: number;
  /** The first contact is given up after this. Left out: it is tried until it is there. */
  readonly timeoutMs?: number;
  /** As the members have it. Left out: plain TCP. */
  readonly tls?: ElectionTls;
  /** As the members have it, instead of `tls`. */
  readonly sharedKey?: string | Uint8Array;
  /** Instead of TCP, of `tls` and of `sharedKey`. */
  readonly network?: (logger: Logger) => Network;
  readonly log?: LogOptions;
  /** Ends the first contact with its reason; closes the observer later. */
  readonly signal?: AbortSignal;
}

/** What an observer knows, and since when. */
export interface ObserverHealth {
  /** What it knows is no older than `maxStaleMs`. */
  readonly isHealthy: boolean;
  readonly leader: Leader | null;
  readonly term: Term;
  /**
   * A member of the election knew it so many milliseconds ago, or later. The member itself may know
   * a leader that has died, or whose lease has run out, for two election timeouts.
   */
  readonly staleForMs: number;
  /** 'host:port' of the member or observer that is asked. */
  readonly source: string;
  /** Milliseconds since the last answer of a source. */
  readonly silentForMs: number;
  /** 1: its source is a member; 2: its source's source is one. */
  readonly depth: number;
  /** So many observe through this one. */
  readonly observers: number;
}

/** By name, what a listener is given. */
export interface ObserverEvents {
  /** Whenever `leader()` is another; null: nobody, as far as this observer knows. */
  leader: (leader: Leader | null) => void;
}

/**
 * Knows who leads an election, without being a member: no vote, no id, and nothing on a disk.
 * `await using` closes it.
 */
export interface ElectionObserver extends AsyncDisposable {
  /** Where others may observe through it; null: nowhere. */
  readonly address: Address | null;
  /**
   * Whoever leads, as the member knew that the word came from. Null: that one knew of nobody, or it
   * is longer ago than `maxStaleMs`. An observer knows nothing of leases: whoever is named may have
   * ceased to lead, so send its token along with what is asked of it.
   */
  leader(): Leader | null;
  /** A member knew it so many milliseconds ago, or later. */
  readonly staleForMs: number;
  /**
   * `leader()` now, and whenever it has changed: the latest always, those between may be skipped.
   * Ends with the signal, or when the observer is closed.
   */
  observe(options?: CallOptions): AsyncIterableIterator<Leader | null>;
  /**
   * What a listener throws is an uncaught exception of the program, and the others are told.
   *
   * @returns stops listening
   */
  on<Name extends keyof ObserverEvents>(name: Name, listener: ObserverEvents[Name]): () => void;
  health(): ObserverHealth;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  /** Idempotent. `leader()` is null afterwards. */
  close(): Promise<void>;
}
