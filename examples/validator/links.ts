import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Connections between the signers go through here, so that they can be cut: nothing arrives any
 * more, and nobody is told. What was cut is closed when it is mended.
 */
export class Links {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #ports = new Map<string, number>();
  /** Signers that nobody reaches, and who reach nobody. */
  readonly #cut = new Set<number>();

  /** @param ports of signers 1, 2, and so on */
  static async open(ports: readonly number[]): Promise<Links> {
    const links = new Links();
    const ids = ports.map((_, at) => at + 1);
    for (const from of ids) {
      for (const to of ids.filter((id) => id !== from)) {
        links.#ports.set(`${from} ${to}`, await links.#open(from, to, ports[to - 1] ?? 0));
      }
    }
    return links;
  }

  /** Where `from` is to look for `to`. */
  portOf(from: number, to: number): number {
    return this.#ports.get(`${from} ${to}`) ?? 0;
  }

  /** @param id is cut off from the others */
  cut(id: number): void {
    this.#cut.add(id);
    for (const socket of this.#sockets) if (this.#isCut(socket)) socket.pause();
  }

  mend(id: number): void {
    for (const socket of this.#sockets) if (this.#isCut(socket)) socket.destroy();
    this.#cut.delete(id);
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #open(from: number, to: number, port: number): Promise<number> {
    const server = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        ends.set(one, [from, to]);
        this.#sockets.add(one);
        one.setNoDelay(true);
        one.on('data', (bytes) => other.write(bytes));
        one.on('error', () => one.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        if (this.#isCut(one)) one.pause();
      }
    });
    this.#servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  #isCut(socket: Socket): boolean {
    return ends.get(socket)?.some((id) => this.#cut.has(id)) ?? false;
  }
}

const ends = new WeakMap<Socket, readonly [number, number]>();
