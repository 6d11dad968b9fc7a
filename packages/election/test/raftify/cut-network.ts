import {
  type Connection,
  type ConnectionHandlers,
  type Network,
  silentLogger,
} from '@quorate/base';
import { createTcpNetwork } from '@quorate/node';

/** TCP that can be cut off from all others, and mended. */
export class CutNetwork implements Network {
  readonly #network = createTcpNetwork(silentLogger);
  readonly #connections = new Set<Connection>();
  #isCut = false;

  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    if (!isCut) return;
    for (const connection of this.#connections) connection.close('cut');
  }

  readonly listen: Network['listen'] = (address, accept, done) => {
    const met = (connection: Connection): ConnectionHandlers => {
      if (this.#isCut) connection.close('cut');
      return this.#watched(connection, accept(connection));
    };
    this.#network.listen(address, met, done);
  };

  readonly connect: Network['connect'] = (address, handlers, done) => {
    let open: Connection | null = null;
    const watched: ConnectionHandlers = {
      ...handlers,
      data: (chunk) => handlers.data(chunk),
      drained: () => handlers.drained(),
      closed: (reason) => {
        if (open !== null) this.#connections.delete(open);
        handlers.closed(reason);
      },
    };
    this.#network.connect(address, watched, (error, connection) => {
      open = connection;
      if (connection !== null) this.#connections.add(connection);
      done(error, connection);
      if (this.#isCut) connection?.close('cut');
    });
  };

  #watched(connection: Connection, handlers: ConnectionHandlers): ConnectionHandlers {
    this.#connections.add(connection);
    return {
      data: (chunk) => handlers.data(chunk),
      drained: () => handlers.drained(),
      closed: (reason) => {
        this.#connections.delete(connection);
        handlers.closed(reason);
      },
    };
  }
}
