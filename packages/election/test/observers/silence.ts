import type { ConnectionHandlers, Logger, Network } from '@quorate/base';
import { createTcpNetwork } from '@quorate/node';

/** TCP whose other ends fall silent while it is on: connections stay, and nothing comes in. */
export class Silence {
  isOn = false;

  readonly network = (logger: Logger): Network => {
    const tcp = createTcpNetwork(logger);
    return {
      listen: (address, accept, done) => tcp.listen(address, accept, done),
      connect: (address, handlers, done) => tcp.connect(address, this.#deaf(handlers), done),
    };
  };

  #deaf({ data, drained, closed }: ConnectionHandlers): ConnectionHandlers {
    return {
      data: (chunk) => {
        if (!this.isOn) data(chunk);
      },
      drained,
      closed,
    };
  }
}
