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
import { RefusalLog } from '../tls/refusal-log.ts';
import { connectError, listenError, networkReason } from './network-failure.ts';
import { queueMarkBytes, SocketConnection } from './socket-connection.ts';

/** The system's own patience (two minutes) would leave a peer unreachable long after it is back. */
export const connectTimeoutMs = 5_000;

/** Far above any cluster's size; a stranger who opens more is refused. */
export const maxConnections = 1_024;

const tlsAdvice =
  'all nodes need the same: give this one https peer URLs, --peer-cert-file and --peer-key-file, ' +
  'or the shared key, or the other one neither';

/** Both are the beginning of a record (RFC 8446, 5.1); a peer's own first byte is a letter. */
function isTlsHandshake(chunk: Uint8Array): boolean {
  return chunk[0] === 0x16 && (chunk.length === 1 || chunk[1] === 3);
}

function isTlsAlert(chunk: Uint8Array): boolean {
  return chunk[0] === 0x15 && (chunk.length === 1 || chunk[1] === 3);
}

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
  const refusals = new RefusalLog(logger);
  const server = createServer({ highWaterMark: queueMarkBytes }, (socket) => {
    const connection = new SocketConnection(socket, (chunk) => {
      if (!isTlsHandshake(chunk)) return null;
      const reason = 'it speaks TLS, and this node does not';
      refusals.warn('peer refused', connection.remote, { reason, advice: tlsAdvice });
      // No record of TLS: whoever knows TLS knows now that it is not spoken here.
      socket.write('TLS is not spoken here\n');
      return reason;
    });
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
    const connection = new SocketConnection(socket, (chunk) =>
      isTlsAlert(chunk) ? `it speaks TLS, and this node does not: ${tlsAdvice}` : null,
    );
    connection.attach(handlers);
    done(null, connection);
  });
}
