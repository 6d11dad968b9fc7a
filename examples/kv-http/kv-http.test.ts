import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { openNode } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import { checkSimpleStateMachine } from '@quorate/runtime/conformance';
import { freePorts } from '../free-ports.ts';
import { runExample } from '../run-example.ts';
import { createApi } from './http-api.ts';
import { problemOf } from './http-problem.ts';
import { type Command, KeyValueStore } from './key-value-store.ts';

const quiet = { level: 'silent', format: 'logfmt' } as const;

/** One node in memory, and its API on a port of its own. */
async function serve(founders: readonly number[]) {
  const ports = await freePorts(founders.length);
  const peers = Object.fromEntries(founders.map((id, at) => [id, `127.0.0.1:${ports[at]}`]));
  const node = await openNode({
    id: 1,
    dataDir: null,
    listen: peers[1] ?? '',
    peers,
    groups: { kv: () => new KeyValueStore() },
    tuning: { heartbeatIntervalMs: 20, electionTimeoutMs: 100, requestTimeoutMs: 300 },
    timeoutMs: 300,
    log: quiet,
  });
  const server = createServer(createApi(node)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ask: (method: string, path: string, body?: string | Uint8Array<ArrayBuffer>) =>
      fetch(url + path, body === undefined ? { method } : { method, body }),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await node.close();
    },
  };
}

describe('the store', () => {
  it('can be replicated', () => {
    const names = ['a', 'b', '__proto__', 'ä/ö'];
    checkSimpleStateMachine({
      create: () => new KeyValueStore(),
      commands: (count, seed) =>
        Array.from({ length: count }, (_, at): Command => {
          const key = names[(at * seed) % names.length] ?? '';
          if (at % 5 === 0) return { kind: 'delete', key };
          return { kind: 'put', key, value: `value ${at}` };
        }),
    });
  });
});

describe('the API of one node', () => {
  it('puts, gets and deletes, at every consistency', async () => {
    await using server = await serve([1]);
    for (const key of ['greeting', 'a%2Fb', '__proto__', '%C3%A4%20']) {
      const path = `/keys/${key}`;
      assert.equal((await server.ask('GET', path)).status, 404);
      assert.equal((await server.ask('DELETE', path)).status, 404);
      const created = await server.ask('PUT', path, 'hello');
      assert.equal(created.status, 201);
      const { index } = (await created.json()) as { index: number };
      assert.equal((await server.ask('PUT', path, 'hällo')).status, 200);
      for (const consistency of ['linearizable', 'lease', 'local', 'bounded&maxStalenessMs=500']) {
        const found = await server.ask('GET', `${path}?consistency=${consistency}`);
        assert.equal(await found.text(), 'hällo');
        assert.ok(Number(found.headers.get('Quorate-Index')) > index);
      }
      assert.equal((await server.ask('DELETE', path)).status, 200);
      assert.equal((await server.ask('GET', path)).status, 404);
    }
  });

  it('refuses what it cannot use, with the reason', async () => {
    await using server = await serve([1]);
    const tooLarge = 'x'.repeat(64 * 1024 + 1);
    for (const [method, path, body, status, code] of [
      ['GET', '/', undefined, 404, 'PATH_UNKNOWN'],
      ['GET', '/keys/a/b', undefined, 404, 'PATH_UNKNOWN'],
      ['POST', '/keys/a', 'x', 405, 'METHOD_NOT_ALLOWED'],
      ['GET', '/keys/%ff', undefined, 400, 'PATH_INVALID'],
      ['GET', `/keys/${'k'.repeat(513)}`, undefined, 400, 'KEY_INVALID'],
      ['GET', '/keys/a?consistency=strong', undefined, 400, 'PARAMETER_INVALID'],
      ['GET', '/keys/a?consistency=bounded', undefined, 400, 'PARAMETER_INVALID'],
      ['PUT', '/keys/a', tooLarge, 413, 'BODY_TOO_LARGE'],
      ['PUT', '/keys/a', Uint8Array.of(0xc3), 400, 'BODY_INVALID'],
      ['POST', '/nodes', 'no JSON', 400, 'BODY_INVALID'],
      ['POST', '/nodes', '{"id": 2}', 400, 'NODE_INVALID'],
      ['POST', '/nodes', '{"id": 0, "address": "a:1"}', 400, 'NODE_INVALID'],
      ['POST', '/nodes', '{"id": 2, "address": "nowhere"}', 400, 'NODE_OPTIONS_INVALID'],
      ['DELETE', '/nodes/one', undefined, 400, 'NODE_INVALID'],
      ['DELETE', '/nodes/1', undefined, 409, 'RUNTIME_CHANGE_REFUSED'],
    ] as const) {
      const answer = await server.ask(method, path, body);
      const { error, outcome } = (await answer.json()) as { error: string; outcome: string };
      const expected = [status, code, 'nothing was changed'];
      assert.deepEqual([answer.status, error, outcome], expected, `${method} ${path}`);
    }
    const { leader, members } = (await (await server.ask('GET', '/status')).json()) as {
      leader: number;
      members: readonly { id: number }[];
    };
    assert.deepEqual([leader, members.map(({ id }) => id)], [1, [1]]);
  });

  it('answers 503 with Retry-After while there is no leader, and reads what is here', async () => {
    await using server = await serve([1, 2, 3]);
    for (const [method, body] of [
      ['PUT', 'x'],
      ['DELETE', undefined],
      ['GET', undefined],
    ] as const) {
      const answer = await server.ask(method, '/keys/a', body);
      assert.equal(answer.status, 503);
      assert.ok(Number(answer.headers.get('Retry-After')) >= 1);
      const { outcome } = (await answer.json()) as { outcome: string };
      assert.equal(outcome, 'nothing was changed');
    }
    const local = await server.ask('GET', '/keys/a?consistency=local');
    assert.equal(local.status, 404);
    assert.equal(((await local.json()) as { error: string }).error, 'KEY_UNKNOWN');
  });
});

describe('a problem', () => {
  it('says of an unknown outcome that it is unknown', () => {
    const error = new RuntimeError('RUNTIME_OUTCOME_UNKNOWN', 'who knows', { reason: 'timeout' });
    const { status, code, outcome } = problemOf(error);
    assert.deepEqual([status, code, outcome], [504, 'RUNTIME_OUTCOME_UNKNOWN', 'outcome unknown']);
  });

  it('of this program itself is told as one, without its text becoming a code', () => {
    const { status, code, outcome } = problemOf(new TypeError('oops'));
    assert.deepEqual([status, code, outcome], [500, 'INTERNAL', 'outcome unknown']);
  });
});

describe('the demonstration', () => {
  it('finds every acknowledged key on every node in the end', async () => {
    const { exitCode, lastLine, complaints } = await runExample('kv-http/demo.ts');
    const found = /^39 keys acknowledged, 39 found on each of 3 nodes$/;
    assert.match(lastLine, found, complaints);
    assert.equal(exitCode, 0);
  });
});
