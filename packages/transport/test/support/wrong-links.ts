import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import { PlainLinks, type PlainMessage, PlainRoom } from './plain-links.ts';

/** Keep what cannot be sent, and try again. */
class PatientLinks extends PlainLinks {
  override send(to: NodeId, group: GroupId, message: PeerMessage): boolean {
    if (super.send(to, group, message)) return true;
    const again = (): void => {
      if (super.send(to, group, message)) this.flush();
      else if (!this.isClosed) this.room.later(5, again);
    };
    this.room.later(5, again);
    return to < 4;
  }
}

/** Deliver what they say they do not. */
class TwoFacedLinks extends PlainLinks {
  override send(to: NodeId, group: GroupId, message: PeerMessage): boolean {
    const isQueued = super.send(to, group, message);
    if (!isQueued) this.room.later(2, () => this.room.deliver(this, { to, group, message }));
    return isQueued;
  }
}

/** What each does wrong, and the words by which its author is told. */
export const wrongLinks: Readonly<Record<string, { make: () => PlainRoom; told: RegExp }>> = {
  'deliver a message twice': {
    make: () =>
      new (class extends PlainRoom {
        override deliver(from: PlainLinks, one: PlainMessage): void {
          super.deliver(from, one);
          if (one.message.type === 'Forward' && one.message.request === 3) super.deliver(from, one);
        }
      })(),
    told: /message 3 was delivered twice\. .*at most once\. .*appended twice/,
  },
  'reorder what one peer sends': {
    make: () =>
      new (class extends PlainRoom {
        override carry(from: PlainLinks, messages: readonly PlainMessage[]): void {
          for (const [at, one] of messages.entries()) {
            this.later(at % 4 === 1 ? 9 : 1, () => this.deliver(from, one));
          }
        }
      })(),
    told: /was delivered where a .* was sent\. .*arrives in the order it was sent/,
  },
  'deliver after close': {
    make: () =>
      new (class extends PlainRoom {
        override isMuteAfterClose(): boolean {
          return false;
        }
      })(),
    told: /Node 1 was called message after it had closed its links\. .*being taken apart/,
  },
  'grow without bound': {
    make: () => Object.assign(new PlainRoom(), { maxQueued: Number.POSITIVE_INFINITY }),
    told: /took 512 messages of 1 MiB in one turn, and refused none\. .*instead of growing/,
  },
  'say of a message that another has sent it': {
    make: () =>
      new (class extends PlainRoom {
        override deliver(from: PlainLinks, one: PlainMessage): void {
          const receiver = this.nodes.get(one.to);
          const other = one.to === 3 ? 1 : 3;
          const isHeard = receiver?.hears(from) === true;
          if (isHeard) receiver.handlers?.message(other, one.group, one.message);
        }
      })(),
    told: /It said of a message of node 1 that it came from node 3\. .*a majority alone/,
  },
  'never flush': {
    make: () =>
      new (class extends PlainRoom {
        override carry(): void {}
      })(),
    told: /messages to node 1 that were taken and flushed 0 arrived\. .*flush hands it on/,
  },
  'flush only once': {
    make: () =>
      new (class extends PlainRoom {
        readonly #flushed = new Set<PlainLinks>();
        override carry(from: PlainLinks, messages: readonly PlainMessage[]): void {
          if (!this.#flushed.has(from)) super.carry(from, messages);
          this.#flushed.add(from);
        }
      })(),
    told: /Of 2 messages to node 2 that were taken and flushed 1 arrived/,
  },
  'use a buffer again': {
    make: () =>
      new (class extends PlainRoom {
        override deliver(from: PlainLinks, one: PlainMessage): void {
          const { message } = one;
          super.deliver(from, one);
          if (message.type === 'Forward') this.later(1, () => message.commands[0]?.fill(0));
        }
      })(),
    told: /A Forward from node 1 changed after it was delivered\. .*changes what was appended/,
  },
  'take a message for someone who is not there, and deliver it later': {
    make: () =>
      new (class extends PlainRoom {
        override links(node: NodeId, incarnation: number): PlainLinks {
          return new PatientLinks(this, node, incarnation);
        }
      })(),
    told: /send returned true for a peer that was never up/,
  },
  'refuse a message and deliver it all the same': {
    make: () =>
      new (class extends PlainRoom {
        override links(node: NodeId, incarnation: number): PlainLinks {
          return new TwoFacedLinks(this, node, incarnation);
        }
      })(),
    told: /Message 61, which send had refused, was delivered\. .*hands it on again/,
  },
  'are heard before they have greeted': {
    make: () =>
      new (class extends PlainRoom {
        override introduce(to: PlainLinks, peer: PlainLinks): void {
          to.handlers?.connected(peer.id);
          this.later(400, () => to.handlers?.greeted(peer.id, peer.incarnation));
        }
      })(),
    told: /was heard before greeted was called for it\. .*has lost its data/,
  },
  'greet as the incarnation before': {
    make: () =>
      new (class extends PlainRoom {
        readonly #first = new Map<NodeId, number>();
        override introduce(to: PlainLinks, peer: PlainLinks): void {
          const known = this.#first.get(peer.id) ?? peer.incarnation;
          this.#first.set(peer.id, known);
          to.handlers?.greeted(peer.id, known);
          to.handlers?.connected(peer.id);
        }
      })(),
    told: /Node 2 came back as incarnation 102; greeted said 101/,
  },
  'say connected twice': {
    make: () =>
      new (class extends PlainRoom {
        override introduce(to: PlainLinks, peer: PlainLinks): void {
          super.introduce(to, peer);
          to.handlers?.connected(peer.id);
        }
      })(),
    told: /was told connected of node \d twice in a row/,
  },
  'go on hearing who is no peer': {
    make: () =>
      new (class extends PlainRoom {
        override links(node: NodeId, incarnation: number): PlainLinks {
          return new (class extends PlainLinks {
            override forget(other: PlainLinks): void {
              if (other.isClosed) super.forget(other);
            }
          })(this, node, incarnation);
        }
      })(),
    told: /Node 2 is gone, and at node 1 isConnected\(2\) is true/,
  },
};
