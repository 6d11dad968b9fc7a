import type { IncomingMessage } from 'node:http';

/**
 * Reads bodies of requests whole, with a bound for each and one for all together: nobody can make
 * this process hold more.
 */
export class BodyReader {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @param done called once, unless the asker goes away before its body is whole
   */
  read(
    request: IncomingMessage,
    maxBytes: number,
    done: (body: Buffer | 'tooLarge' | 'busy') => void,
  ): void {
    const chunks: Buffer[] = [];
    let length = 0;
    let isDone = false;
    const finish = (body: Buffer | 'tooLarge' | 'busy' | null): void => {
      if (isDone) return;
      isDone = true;
      this.#bytes -= length;
      chunks.length = 0;
      if (body !== null) done(body);
    };
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > maxBytes) {
      finish('tooLarge');
      return;
    }
    if (this.#bytes + announced > this.#maxBytes) {
      finish('busy');
      return;
    }
    request.on('data', (chunk: Buffer) => {
      if (isDone) return;
      length += chunk.length;
      this.#bytes += chunk.length;
      chunks.push(chunk);
      if (length > maxBytes) finish('tooLarge');
      else if (this.#bytes > this.#maxBytes) finish('busy');
    });
    request.on('end', () => finish(Buffer.concat(chunks, length)));
    request.on('error', () => finish(null));
    request.on('close', () => finish(null));
  }
}
