import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Prng } from '@quorate/base';
import { Gateway } from '../src/gateway/gateway.ts';
import { gatewayPaths } from '../src/gateway/gateway-paths.ts';
import type { HttpRequest, HttpResponse } from '../src/port/http-exchange.ts';
import { openService } from './fuzzed-service.ts';

/* An input is a byte that chooses the path, then the body of the request. */

const paths = Object.keys(gatewayPaths).filter((path) => path !== '/maintenance/snapshot');
const maxMessageBytes = 2048;

class FakeRequest extends EventEmitter {
  readonly method = 'POST';
  readonly headers = {};
  readonly socket = { remoteAddress: 'client', destroy: () => undefined };
  readonly readableFlowing = true;

  destroy(): void {
    this.emit('close');
  }
}

class FakeResponse extends EventEmitter {
  readonly writableLength = 0;
  headersSent = false;
  status = 0;
  text = '';
  isEnded = false;

  setTimeout(): void {
    // Whatever is written is taken.
  }

  writeHead(status: number): void {
    assert.ok(!this.headersSent, 'answered twice');
    this.headersSent = true;
    this.status = status;
  }

  write(text: string): boolean {
    assert.ok(!this.isEnded, 'more behind the end');
    this.text += text;
    return true;
  }

  end(text = ''): void {
    this.write(text);
    this.isEnded = true;
  }
}

interface Shown {
  readonly status: number;
  readonly text: string;
  readonly isEnded: boolean;
}

function ask(input: Uint8Array, longest: number): Shown {
  const { service, turn } = openService();
  const gateway = new Gateway({ service, requestTimeoutMs: 60_000, maxMessageBytes });
  const request = new FakeRequest();
  const response = new FakeResponse();
  const path = `/v3${paths[(input[0] ?? 0) % paths.length]}`;
  const sent = response as unknown as HttpResponse;
  gateway.serve(path, request as unknown as HttpRequest, sent);
  for (let at = 1; at < input.length; at += longest) {
    request.emit('data', Buffer.from(input.slice(at, at + longest)));
  }
  request.emit('end');
  turn();
  const { status, text, isEnded } = response;
  response.emit('close');
  request.emit('close');
  turn();
  assert.deepEqual([service.streams, service.watchCensus.watchers], [0, 0]);
  return { status, text, isEnded };
}

const names = ['key', 'range_end', 'value', 'lease', 'ID', 'TTL', 'name', 'limit', 'revision'];
const values = ['"Zm9v"', '"YQ=="', '""', '7', '"8"', 'true', 'null', '-1', '1e400', '[]', '{}'];

function object(prng: Prng, depth: number): string {
  const fields = Array.from({ length: prng.below(4) }, () => {
    const nested = ['create_request', 'success', 'compare', 'request_put', 'header'];
    if (depth < 3 && prng.chance(0.3)) {
      const inner = object(prng, depth + 1);
      return `"${prng.pick(nested)}":${prng.chance(0.5) ? `[${inner}]` : inner}`;
    }
    return `"${prng.pick(names)}":${prng.pick(values)}`;
  });
  return `{${fields.join(',')}}`;
}

/** The same status and text however the body is cut, and every line of it is JSON. */
function run(input: Uint8Array) {
  const whole = ask(input, input.length + 1);
  for (const longest of [1, 13]) assert.deepEqual(ask(input, longest), whole);
  const { status, text, isEnded } = whole;
  for (const line of text.trimEnd().split('\n')) if (line !== '') JSON.parse(line);
  if (isEnded) assert.ok(status >= 200 && status <= 504, 'no status that clients know');
  const error = /"(?:error|message)":"([^"]*)"/.exec(text)?.[1] ?? '';
  const known = error.startsWith('etcdserver') ? error : error.slice(0, 12);
  return { accepted: true, behaviour: `${isEnded ? status : 'waits'} ${known}` };
}

export const fuzzer = {
  about: 'bodies of the JSON gateway, for every path',
  maxBytes: 4096,
  generate: (prng: Prng): Uint8Array => {
    const body = Array.from({ length: prng.between(1, 3) }, () => object(prng, 0)).join('\n');
    return Uint8Array.from([prng.below(paths.length), ...Buffer.from(body)]);
  },
  run,
  isRefusal: () => false,
  words: names.map((name) => Buffer.from(`"${name}":`)),
  allocation: { fixedBytes: 64 << 20, perInputByte: 65_536 },
};
