import { majorityConfiguration, type NodeId, type PeerMessage } from '@quorate/schema';

export function heartbeat(from: NodeId, to: NodeId, round: number): PeerMessage {
  return { type: 'Heartbeat', from, to, term: 1, round, commitIndex: 0, cancelRound: 0 };
}

export function chunk(from: NodeId, to: NodeId, at: number, bytes: number): PeerMessage {
  const configuration = majorityConfiguration([1, 2]);
  const snapshot = { index: 9, term: 1, timestampMicros: 5, configuration, withheld: false };
  const data = new Uint8Array(bytes).fill(at);
  return { type: 'SnapshotChunk', from, to, term: 1, snapshot, chunk: at, last: false, data };
}

export function forward(from: NodeId, to: NodeId, request: number, bytes: number): PeerMessage {
  const commands = [new Uint8Array(bytes).fill(request)];
  return { type: 'Forward', from, to, term: 1, request, commands };
}

/** The rounds of the heartbeats among what was received, in order. */
export function rounds(received: readonly { readonly message: PeerMessage }[]): number[] {
  return received.flatMap(({ message }) => (message.type === 'Heartbeat' ? [message.round] : []));
}
