import type { ContractRule } from '@quorate/base/conformance';

/** Of the network port, `Network` and `Connection` of @quorate/base. */
export const networkRules = {
  listen: {
    says: 'Network.listen calls done with a listener, whose address says which port it took.',
    because: 'a node that waits for its listener would never start.',
  },
  inUse: {
    says: 'Network.listen calls done with an error when the address is taken.',
    because: 'two nodes on one address would each get a part of what is meant for one.',
  },
  accept: {
    says: 'Network.listen: accept is called once for each connection that is made.',
    because: 'a peer that is connected and not accepted talks to nobody.',
  },
  connect: {
    says: 'Network.connect calls done with a connection, or with an error and no connection.',
    because: 'a link that waits for the answer would never dial again.',
  },
  refused: {
    says: 'Network.connect: done with null on failure; handlers are live only otherwise.',
    because: 'a link would be ended twice, and dial twice, for one attempt.',
  },
  stream: {
    says: 'Connection is a reliable ordered stream of bytes, as TCP gives it.',
    because:
      'a frame that lacks, repeats or reorders bytes is damaged at best; at worst a command ' +
      'is appended twice.',
  },
  mixed: {
    says: 'Connection is a stream of its own; ConnectionHandlers.data has bytes of that one only.',
    because: "what one peer says would be taken for another's.",
  },
  queue: {
    says:
      "Connection.write returns false when the outgoing queue is above the port's mark, and " +
      'drained follows when it has fallen.',
    because: 'a sender that is never told to wait fills the memory, one never told to go on stops.',
  },
  queuedBytes: {
    says: 'Connection.queuedBytes: bytes queued here and not yet handed to the operating system.',
    because: 'messages are dropped by this number when a peer is slow; without it they pile up.',
  },
  handlers: {
    says:
      'ConnectionHandlers are called from the event loop; closed exactly once, and nothing ' +
      'follows it; nor anything but closed follows close.',
    because:
      'whoever is called inside its own call, or after the end, works on state that is gone.',
  },
  closed: {
    says: 'Connection.close ends the connection at once; closed still follows, at both ends.',
    because: 'a link whose end nobody hears of is kept, and messages are sent into it.',
  },
  afterClose: {
    says: 'Connection.close ends the connection at once: nothing is taken after it.',
    because: 'what was taken is counted as sent; nobody would send it elsewhere.',
  },
  listenerClosed: {
    says: 'Listener.close ends the accepting, and not the connections that were accepted.',
    because: 'a node that has stopped listening must not take peers in, nor drop those it has.',
  },
} as const satisfies Record<string, ContractRule>;
