import type { Prng } from '@quorate/base';
import type { PeerLinks } from '@quorate/raft';
import type { PeerMessage } from '@quorate/schema';

/** Probabilities for each message that arrives. May be changed at any time; 0 ends the faults. */
export interface MessageFaults {
  drop: number;
  duplicate: number;
  /** To be delivered later, after up to `maxDelayMs`, so that others overtake it. */
  delay: number;
  /** To be delivered now and once more later, after up to `maxDelayMs`: behind newer ones. */
  repeatLate: number;
  maxDelayMs: number;
  /** The kind of message that is affected; null: every kind. */
  only: PeerMessage['type'] | null;
}

/** Every message arrives once, in the order of sending. */
export function noMessageFaults(): MessageFaults {
  return { drop: 0, duplicate: 0, delay: 0, repeatLate: 0, maxDelayMs: 0, only: null };
}

export interface FaultyPeerLinksOptions {
  readonly prng: Prng;
  /** The node's own: what it schedules must die with the node. */
  readonly schedule: (delayMs: number, callback: () => void) => void;
  readonly faults: MessageFaults;
}

/**
 * Loses, repeats and reorders whole messages on their way in, which a stream alone never does
 * within one connection, and which Raft has to survive all the same. A Forward is never repeated:
 * links promise not to, and commands without a session rely on it.
 */
export function faultyPeerLinks(inner: PeerLinks, options: FaultyPeerLinksOptions): PeerLinks {
  const { prng, schedule, faults } = options;
  let isClosed = false;
  return {
    start: (handlers, done) =>
      inner.start(
        {
          greeted: (peer, incarnation) => handlers.greeted(peer, incarnation),
          connected: (peer) => handlers.connected(peer),
          disconnected: (peer) => handlers.disconnected(peer),
          message: (from, group, message) => {
            const deliver = (): void => {
              if (!isClosed) handlers.message(from, group, message);
            };
            const isSpared = faults.only !== null && message.type !== faults.only;
            if (isSpared || isFaultless(faults)) {
              deliver();
              return;
            }
            if (prng.chance(faults.drop)) return;
            const isOnce = message.type === 'Forward';
            const copies = prng.chance(faults.duplicate) && !isOnce ? 2 : 1;
            if (prng.chance(faults.repeatLate) && !isOnce) {
              schedule(prng.float() * faults.maxDelayMs, deliver);
            }
            for (let copy = 0; copy < copies; copy++) {
              if (prng.chance(faults.delay)) schedule(prng.float() * faults.maxDelayMs, deliver);
              else deliver();
            }
          },
        },
        done,
      ),
    send: (to, group, message) => inner.send(to, group, message),
    flush: () => inner.flush(),
    isConnected: (peer) => inner.isConnected(peer),
    setPeer: (peer, address) => inner.setPeer(peer, address),
    close: () => {
      isClosed = true;
      inner.close();
    },
  };
}

function isFaultless({ drop, duplicate, delay, repeatLate }: MessageFaults): boolean {
  return drop + duplicate + delay + repeatLate === 0;
}
