import type { Socket } from 'node:net';

/** Counts what passes over connections of clients, without a look at each write. */
export class ClientBytes {
  readonly #open = new Set<Socket>();
  #sentByClosed = 0;
  #receivedByClosed = 0;

  add(socket: Socket): void {
    this.#open.add(socket);
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#sentByClosed += socket.bytesWritten;
      this.#receivedByClosed += socket.bytesRead;
    });
  }

  get sent(): number {
    let sum = this.#sentByClosed;
    for (const { bytesWritten } of this.#open) sum += bytesWritten;
    return sum;
  }

  get received(): number {
    let sum = this.#receivedByClosed;
    for (const { bytesRead } of this.#open) sum += bytesRead;
    return sum;
  }
}
