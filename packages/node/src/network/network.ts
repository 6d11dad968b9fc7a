import type { AddressInfo, TcpNetConnectOpts } from 'node:net';
import { connect, createServer } from 'node:net';
import type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  Logger,
  Network,
} from '@quorate/base';
import { formatAddress } from '@quorate/base';
import { connectError, listenError, networkReason } from './network-failure.ts';
import { queueMarkBytes, SocketConnection } from './socket-connection.ts';

/** The system's own patience (two minutes) would leave a peer unreachable long after it is back. */
const connectTimeoutMs = 5_000;

/** Far above any cluster's size; a stranger who opens more is refused. */
const maxConnections = 1_024;

/** TCP. @param logger hears of what has no other listener, such as a failed accept */
export function createNetwork(logger: Logger): Network {
  return {
    listen: (address, accept, done) => listen(logger, address, accept, done),
    connect: connectTo,
  };
}

function listen(
  logger: Logger,
  address: Address,
  accept: (connection: Connection) => ConnectionHandlers,
  done: (error: Error | null, listener: Listener | null) => void,
): void {
  const server = createServer({ highWaterMark: queueMarkBytes }, (socket) => {
    const connection = new SocketConnection(socket);
    connection.attach(accept(connection));
  });
  server.maxConnections = maxConnections;
  const failed = (error: Error): void => done(listenError(address, error), null);
  server.once('error', failed);
  server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
    server.removeListener('error', failed);
    // Out of descriptors, say: the connection is lost, the listener goes on.
    server.on('error', (error) => {
      logger.warn('accept failed', {
        listen: formatAddress(address),
        reason: networkReason(error),
      });
    });
    const { port } = server.address() as AddressInfo;
    done(null, { address: { host: address.host, port }, close: () => server.close() });
  });
}

/** Sockets take the options of streams too, which the type declaration leaves out. */
function socketOptions(address: Address): TcpNetConnectOpts & { highWaterMark: number } {
  return { host: address.host, port: address.port, highWaterMark: queueMarkBytes };
}

function connectTo(
  address: Address,
  handlers: ConnectionHandlers,
  done: (error: Error | null, connection: Connection | null) => void,
): void {
  const socket = connect(socketOptions(address));
  const failed = (error: Error): void => {
    socket.destroy();
    done(connectError(address, error), null);
  };
  socket.once('error', failed);
  socket.setTimeout(connectTimeoutMs, () => {
    socket.destroy(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' }));
  });
  socket.once('connect', () => {
    socket.removeListener('error', failed);
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    const connection = new SocketConnection(socket);
    connection.attach(handlers);
    done(null, connection);
  });
}
