import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { request as startRequest } from 'node:http';
import type { Address } from '@quorate/base';
import { timers } from '../../time/timers.ts';

/** Where requests go, and by which sockets. */
export interface HttpRoute {
  readonly agent: Agent;
  readonly address: Address;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export interface Exchange {
  /** The callback is not called any more. */
  cancel(): void;
}

export interface ExchangeBounds {
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/**
 * One POST and its answer.
 *
 * @param done called once, never from inside the call; the answer is whole
 */
export function exchange(
  route: HttpRoute,
  body: Buffer,
  bounds: ExchangeBounds,
  done: (error: Error | null, answer: HttpAnswer | null) => void,
): Exchange {
  let request: ClientRequest | null = null;
  let isDone = false;
  const finish = (error: Error | null, answer: HttpAnswer | null): void => {
    if (isDone) return;
    isDone = true;
    timer.cancel();
    if (error !== null) request?.destroy();
    done(error, answer);
  };
  const timer = timers.after(bounds.timeoutMs, () =>
    finish(systemError('ETIMEDOUT', `no answer within ${bounds.timeoutMs} ms`), null),
  );
  try {
    request = start(route, body);
    request.on('error', (error) => finish(error, null));
    request.on('response', (response) => gather(response, bounds.maxAnswerBytes, finish));
    request.end(body);
  } catch (error) {
    // Node judges the host's name as it starts.
    const failure = error instanceof Error ? error : new Error(String(error));
    timers.defer(() => finish(failure, null));
  }
  return {
    cancel: () => {
      isDone = true;
      timer.cancel();
      request?.destroy();
    },
  };
}

function start({ agent, address, path, headers }: HttpRoute, body: Buffer): ClientRequest {
  return startRequest({
    agent,
    host: address.host,
    port: address.port,
    path,
    method: 'POST',
    headers: {
      ...headers,
      'content-type': 'application/octet-stream',
      'content-length': body.length,
      'accept-encoding': 'identity',
    },
  });
}

function gather(
  response: IncomingMessage,
  maxBytes: number,
  finish: (error: Error | null, answer: HttpAnswer | null) => void,
): void {
  const chunks: Buffer[] = [];
  let length = 0;
  response.on('data', (chunk: Buffer) => {
    length += chunk.length;
    chunks.push(chunk);
    if (length > maxBytes) finish(new Error(`an answer of more than ${maxBytes} bytes`), null);
  });
  response.on('error', (error) => finish(error, null));
  response.on('end', () => {
    if (!response.complete) return;
    finish(null, { status: response.statusCode ?? 0, body: Buffer.concat(chunks, length) });
  });
  response.on('close', () => finish(new Error('the answer was cut short'), null));
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
