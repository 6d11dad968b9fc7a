import type { NodeId } from '@quorate/schema';
import { ElectionError } from './election-error.ts';
import { maxValueBytes } from './election-model.ts';

/** @throws ElectionError ELECTION_VALUE_TOO_LARGE */
export function checkValue({ length: bytes }: Uint8Array): void {
  if (bytes <= maxValueBytes) return;
  const message =
    `the value has ${bytes} bytes; at most ${maxValueBytes} are taken: ` +
    'tell an address there, and serve the rest from it';
  throw new ElectionError('ELECTION_VALUE_TOO_LARGE', message, { bytes, maxBytes: maxValueBytes });
}

/** @param leader who does; 0: nobody, as far as is known */
export function notLeaderError(node: NodeId, leader: NodeId): ElectionError {
  const who = leader === 0 ? 'nobody does, as far as it knows' : `node ${leader} does`;
  const message = `node ${node} does not lead: ${who}. Nothing was changed.`;
  return new ElectionError('ELECTION_NOT_LEADER', message, { leader });
}

export function closedError(): ElectionError {
  return new ElectionError('ELECTION_CLOSED', 'the election was closed: open another one', {});
}

export function resignedError(): ElectionError {
  const message = 'the campaign ended because this node was told to resign: campaign again';
  return new ElectionError('ELECTION_RESIGNED', message, {});
}
