import type { Connection, ConnectionHandlers, Network } from '@quorate/base';
import type { NodeWorld } from './node-world.ts';

/** What arrives while the process is paused waits in the kernel; what arrives after a crash is lost. */
export function pausableNetwork(inner: Network, world: NodeWorld): Network {
  const guard = (handlers: ConnectionHandlers): ConnectionHandlers => ({
    data: (chunk) => world.guarded(() => handlers.data(chunk))(),
    drained: () => world.guarded(() => handlers.drained())(),
    closed: (reason) => world.guarded(() => handlers.closed(reason))(),
  });
  return {
    listen: (address, accept, done) =>
      inner.listen(
        address,
        (connection) => guard(acceptLater(accept, connection, world)),
        (error, listener) => world.guarded(() => done(error, listener))(),
      ),
    connect: (address, handlers, done) =>
      inner.connect(address, guard(handlers), (error, connection) =>
        world.guarded(() => done(error, connection))(),
      ),
  };
}

/** A paused process accepts nothing, but its kernel completes the connection. */
function acceptLater(
  accept: (connection: Connection) => ConnectionHandlers,
  connection: Connection,
  world: NodeWorld,
): ConnectionHandlers {
  let handlers: ConnectionHandlers | null = null;
  world.guarded(() => {
    handlers = accept(connection);
  })();
  return {
    data: (chunk) => handlers?.data(chunk),
    drained: () => handlers?.drained(),
    closed: (reason) => handlers?.closed(reason),
  };
}
