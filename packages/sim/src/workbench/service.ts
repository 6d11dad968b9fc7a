import type { AnswerOf, CommandOf, GroupStatus, QueryOf, ResultOf } from '@quorate/runtime';

/** What a client is told in the end, if it is told anything. */
export type Outcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  /** It may have happened, may happen yet, or never. */
  | { readonly kind: 'unknown' }
  /** It has not happened and never will. `code` of the error that says why. */
  | { readonly kind: 'refused'; readonly code: string };

/** Called once at most: a client whose node ends is told nothing. */
export type Done<Value> = (outcome: Outcome<Value>) => void;

/** One node in one life of its process, as a service on it sees it. */
export interface WorkbenchNode<Machine> {
  readonly id: number;
  /** This node's copy, to be looked at. */
  readonly machine: Machine;
  /** Replicates a command; `done` once it is applied here, or is known to have failed. */
  propose(command: CommandOf<Machine>, done: Done<ResultOf<Machine>>): void;
  /** A linearizable read: by the lease where this node holds one, else by asking a majority. */
  read(query: QueryOf<Machine>, done: Done<AnswerOf<Machine>>): void;
  status(): GroupStatus;
  /** Calls back after so much virtual time, unless the process ends before. */
  after(delayMs: number, callback: () => void): void;
}

/**
 * What clients talk to on one node. Everything happens in callbacks: a promise is settled outside
 * of virtual time, and then the run would not be the same again.
 */
export interface WorkbenchService<Machine> {
  command(command: CommandOf<Machine>, done: Done<ResultOf<Machine>>): void;
  query?(query: QueryOf<Machine>, done: Done<AnswerOf<Machine>>): void;
}
