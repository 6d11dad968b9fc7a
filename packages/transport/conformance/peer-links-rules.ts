import type { ContractRule } from '@quorate/base/conformance';

/** Of `PeerLinks` and `PeerLinkHandlers` in @quorate/raft. */
export const peerLinksRules = {
  start: {
    says: 'PeerLinks.start calls done once, with null when the links accept and connect.',
    because: 'the node begins to take part when it is told so, and only then.',
  },
  connected: {
    says:
      'PeerLinkHandlers.connected and disconnected are called in turns, and isConnected says the ' +
      'same.',
    because:
      'a leader sends to who is connected and takes a transfer back from who is not; a node that ' +
      'is told wrongly waits for answers that cannot come.',
  },
  delivered: {
    says: 'PeerLinks.send returns true for a message that is on its way, and flush hands it on.',
    because:
      'messages may be lost when a link breaks; a link that is up and loses them leaves ' +
      'followers behind and requests without an answer until they time out.',
  },
  once: {
    says: 'PeerLinks: each message is delivered at most once.',
    because: 'a forwarded command that came twice would be appended twice, and applied twice.',
  },
  order: {
    says: 'PeerLinks: what one peer sends on one connection arrives in the order it was sent.',
    because:
      'the core survives any order, at a price: an AppendEntries that overtakes another is ' +
      'refused and sent again, a piece of a snapshot out of turn begins it anew.',
  },
  content: {
    says: 'PeerLinkHandlers.message: the message, its group and data are what was sent.',
    because: 'entries are appended and applied as they come; nothing later checks them again.',
  },
  kept: {
    says: "PeerLinkHandlers.message: the message is the receiver's, also when later ones come.",
    because: 'the log keeps its entries: a buffer that is used again changes what was appended.',
  },
  from: {
    says: 'PeerLinkHandlers.message: from is the peer whose links have sent it.',
    because: 'votes and acknowledgements are counted by it: one peer could make a majority alone.',
  },
  greeted: {
    says:
      'PeerLinkHandlers.greeted tells which incarnation of its data directory a peer is, before ' +
      'its first message.',
    because:
      'a node that has lost its data comes back with another one, and must not be counted for ' +
      'what the old one has promised.',
  },
  bounded: {
    says: 'PeerLinks.send: a full queue drops, and says so by false, instead of growing.',
    because: 'one slow peer would take the memory of every node that has something to tell it.',
  },
  dropped: {
    says: 'PeerLinks.send returns false when the message was dropped: it is not delivered.',
    because:
      'whoever was told that a command was not handed on hands it on again: it would be appended ' +
      'twice.',
  },
  noLink: {
    says: 'PeerLinks.send returns false when there is no link.',
    because: 'the asker would wait for an answer until it times out, instead of asking another.',
  },
  closed: {
    says: 'PeerLinks.close: nothing is delivered, reported or sent after it.',
    because: 'the node is being taken apart: its groups and its log are gone.',
  },
  setPeer: {
    says:
      'PeerLinks.setPeer: with an address the peer is one to talk to from now on, with null no ' +
      'longer: neither heard nor reached.',
    because:
      'a removed node that is still heard disturbs elections; an added one that is not reached ' +
      'never catches up.',
  },
} as const satisfies Record<string, ContractRule>;
