import type { Address, Connection, Network } from '@quorate/base';

/** What went out, of all connections of a process. */
export class SentCount {
  bytes = 0;
  writes = 0;
}

/** Another way to some addresses, and a count of what is sent. */
export function routedNetwork(
  network: Network,
  routes: ReadonlyMap<number, number>,
  count: SentCount,
): Network {
  return {
    listen: (address, accept, done) =>
      network.listen(address, (connection) => accept(counted(connection, count)), done),
    connect: (address, handlers, done) =>
      network.connect(routed(address, routes), handlers, (error, connection) => {
        done(error, connection === null ? null : counted(connection, count));
      }),
  };
}

function routed({ host, port }: Address, routes: ReadonlyMap<number, number>): Address {
  return { host, port: routes.get(port) ?? port };
}

function counted(connection: Connection, count: SentCount): Connection {
  return {
    get remote() {
      return connection.remote;
    },
    get queuedBytes() {
      return connection.queuedBytes;
    },
    write(chunks) {
      count.writes += 1;
      for (const chunk of chunks) count.bytes += chunk.length;
      return connection.write(chunks);
    },
    close: (reason) => connection.close(reason),
  };
}
