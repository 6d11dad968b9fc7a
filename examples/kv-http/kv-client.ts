import { setTimeout as pause } from 'node:timers/promises';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

const patienceMs = 180_000;

/**
 * Asks one node after the other until one has an answer. What has an unknown outcome (504, or a
 * connection that broke) is asked again as well: right here, because each key has one writer, and
 * to put the same value twice is to put it once. Where that is not so, read before asking again.
 */
export class KvClient {
  /** http://host:port of each node that may be asked. */
  readonly urls: string[];
  #next = 0;

  constructor(urls: readonly string[]) {
    this.urls = [...urls];
  }

  async ask(method: string, path: string, body?: string): Promise<Reply> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      const url = this.urls[this.#next++ % this.urls.length] ?? '';
      const reply = await askOnce(url, method, path, body).catch((error: unknown) => {
        return { status: 0, text: `${url}: ${String(error)}`, retryAfterMs: 50 };
      });
      if (![0, 503, 504].includes(reply.status)) return reply;
      if (performance.now() > deadline) throw new Error(`no answer: ${reply.text}`);
      await pause(reply.retryAfterMs);
    }
  }
}

/** One request to one node, never repeated. */
export async function askOnce(
  url: string,
  method: string,
  path: string,
  body?: string,
): Promise<Reply & { readonly retryAfterMs: number }> {
  const signal = AbortSignal.timeout(30_000);
  const init = body === undefined ? { method, signal } : { method, body, signal };
  const response = await fetch(url + path, init);
  const text = await response.text();
  const retryAfterMs = 1000 * Number(response.headers.get('Retry-After') ?? 0);
  return { status: response.status, text, retryAfterMs };
}
