import { type RpcError, StatusCode } from '../core/index.ts';
import type { HttpRequest, HttpResponse } from '../port/http-exchange.ts';
import { readGrpcTimeout } from '../rpc/http2/grpc/grpc-timeout.ts';

/** In the words of servers written in Go. */
export const deadlineExceeded: RpcError = {
  code: StatusCode.deadlineExceeded,
  message: 'context deadline exceeded',
};

/** Node.js knows no longer ones: they would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** @returns what `Grpc-Timeout` says, infinity without one or with 0; null when it says nothing */
export function timeoutOf({ headers }: HttpRequest): number | null {
  const text = headers['grpc-timeout'] ?? '';
  if (text === '') return Number.POSITIVE_INFINITY;
  const timeoutMs = readGrpcTimeout(String(text));
  return timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs;
}

/** Until when the client of one request waits for its answer. */
export class RequestDeadline {
  readonly #atMs: number;

  /** @param expired told so, unless the answer was complete before */
  constructor(timeoutMs: number, response: HttpResponse, expired: () => void) {
    this.#atMs = performance.now() + timeoutMs;
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    const timer = setTimeout(expired, Math.min(timeoutMs, maxTimerMs));
    response.once('close', () => clearTimeout(timer));
  }

  /** Which timers tell only later. */
  get isOver(): boolean {
    return performance.now() > this.#atMs;
  }
}
