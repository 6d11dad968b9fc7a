import type { DurabilityClass } from '@quorate/schema';
import type { ProposeDone } from './group-handle.ts';

/** A command on its way, from `propose` to its answer. */
export interface Proposal {
  readonly command: Uint8Array;
  readonly done: ProposeDone<unknown>;
  readonly deadlineMs: number;
  readonly durability: DurabilityClass | undefined;
}

/** What a proposal counts for in every limit: an empty command takes room too. */
export function proposalBytes({ command }: Proposal): number {
  return command.length + 32;
}

/**
 * In pieces of at most this many bytes each; one command that is larger is a piece of its own.
 *
 * @param maxBytes as `proposalBytes` counts them
 */
export function* inPieces(
  proposals: readonly Proposal[],
  maxBytes: number,
): Generator<readonly Proposal[]> {
  let piece: Proposal[] = [];
  let bytes = 0;
  for (const proposal of proposals) {
    if (piece.length > 0 && bytes + proposalBytes(proposal) > maxBytes) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(proposal);
    bytes += proposalBytes(proposal);
  }
  if (piece.length > 0) yield piece;
}
