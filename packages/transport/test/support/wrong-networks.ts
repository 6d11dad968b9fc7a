import type { Connection, ConnectionHandlers, Network } from '@quorate/base';
import type { NetworkHarness } from '@quorate/transport/conformance';
import { virtualNetworkRoom } from './conformance-rooms.ts';

/** Puts something between both ends of each connection and the network, or its listeners. */
interface Between {
  readonly handlers?: (inner: ConnectionHandlers) => ConnectionHandlers;
  readonly connection?: (inner: Connection) => Connection;
  readonly network?: (inner: Network) => Network;
}

function between({ handlers, connection, network }: Between): NetworkHarness {
  const room = virtualNetworkRoom();
  const wrap = (inner: Network): Network => {
    const through: Network = {
      listen: (address, accept, done) =>
        inner.listen(
          address,
          (accepted) => {
            const told = accept(connection?.(accepted) ?? accepted);
            return handlers?.(told) ?? told;
          },
          done,
        ),
      connect: (address, told, done) =>
        inner.connect(address, handlers?.(told) ?? told, (error, made) => {
          done(error, made === null ? null : (connection?.(made) ?? made));
        }),
    };
    return network?.(through) ?? through;
  };
  return { ...room, listening: wrap(room.listening), connecting: wrap(room.connecting) };
}

function over(inner: Connection, changed: Partial<Connection>): Connection {
  return {
    remote: inner.remote,
    write: (chunks) => inner.write(chunks),
    close: (reason) => inner.close(reason),
    ...changed,
    get queuedBytes() {
      return changed.queuedBytes ?? inner.queuedBytes;
    },
  };
}

/** What each does wrong, and the words by which its author is told. */
export const wrongNetworks: Readonly<Record<string, { make: () => NetworkHarness; told: RegExp }>> =
  {
    'loses a chunk now and then': {
      make: () => {
        let chunks = 0;
        return between({
          handlers: (inner) => ({
            ...inner,
            data: (chunk) => {
              chunks += 1;
              if (chunks % 7 !== 0) inner.data(chunk);
            },
          }),
        });
      },
      told: /Of \d+ bytes that were written only \d+ arrived\. .*ordered stream of bytes/,
    },
    'doubles a chunk': {
      make: () =>
        between({
          handlers: (inner) => ({
            ...inner,
            data: (chunk) => {
              inner.data(chunk);
              inner.data(chunk);
            },
          }),
        }),
      told: /Byte \d+ of the stream arrived as \d+ and was written as \d+\./,
    },
    'reorders chunks': {
      make: () =>
        between({
          connection: (inner) =>
            over(inner, { write: (chunks) => inner.write(chunks.toReversed()) }),
        }),
      told: /Byte \d+ of the stream arrived as .*a command is appended twice/,
    },
    'uses one buffer for all chunks': {
      make: () =>
        between({
          connection: (inner) =>
            over(inner, {
              write: (chunks) => {
                const isBelow = inner.write(chunks);
                for (const chunk of chunks) chunk.fill(0);
                return isBelow;
              },
            }),
        }),
      told: /arrived as 0 and was written as/,
    },
    'never says that its queue is full': {
      make: () =>
        between({
          connection: (inner) =>
            over(inner, {
              write: (chunks) => {
                inner.write(chunks);
                return true;
              },
            }),
        }),
      told: /write took \d+ bytes at once and returned true\. .*fills the memory/,
    },
    'never says that it has drained': {
      make: () => between({ handlers: (inner) => ({ ...inner, drained: () => undefined }) }),
      told: /bytes arrived, no drained\. .*one never told to go on stops/,
    },
    'does not count what is queued': {
      make: () => between({ connection: (inner) => over(inner, { queuedBytes: 0 }) }),
      told: /write had returned false, and queuedBytes was 0\. .*they pile up/,
    },
    'says closed twice': {
      make: () =>
        between({
          handlers: (inner) => ({
            ...inner,
            closed: (reason) => {
              inner.closed(reason);
              inner.closed(reason);
            },
          }),
        }),
      told: /It called closed twice\. .*exactly once/,
    },
    'says closed from inside close': {
      make: () => {
        const handlersOf: ConnectionHandlers[] = [];
        return between({
          handlers: (inner) => {
            handlersOf.push(inner);
            return { ...inner, closed: () => undefined };
          },
          connection: (inner) =>
            over(inner, {
              close: (reason) => {
                inner.close(reason);
                for (const handlers of handlersOf.splice(0)) handlers.closed(reason);
              },
            }),
        });
      },
      told: /It called closed from inside the call of close/,
    },
    'delivers after close': {
      make: () =>
        between({
          connection: (inner) => over(inner, { close: () => undefined, write: () => false }),
        }),
      told: /After close, .* was never told by closed|It called data after close/,
    },
    'calls the handlers of a connection that failed': {
      make: () =>
        between({
          network: (inner) => ({
            ...inner,
            connect: (address, handlers, done) =>
              inner.connect(address, handlers, (error, connection) => {
                done(error, connection);
                if (error !== null) handlers.closed(error.message);
              }),
          }),
        }),
      told: /connect failed, and its handlers were called\. .*dial twice/,
    },
    'gives two listeners one address': {
      make: () =>
        between({
          network: (inner) => ({
            ...inner,
            listen: (address, accept, done) =>
              inner.listen(address, accept, (error, listener) => {
                done(null, listener ?? { address, close: () => undefined });
                if (error !== null) return;
              }),
          }),
        }),
      told: /Two listeners listen on node-1:\d+\. /,
    },
  };
