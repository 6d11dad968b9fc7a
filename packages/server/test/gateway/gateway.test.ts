import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ServedNode, serveNode } from '../served-node.ts';

const at = ({ address }: ServedNode, path: string): string =>
  `http://${address.host}:${address.port}${path}`;

async function post(served: ServedNode, path: string, body: string) {
  const response = await fetch(at(served, path), { method: 'POST', body });
  const text = await response.text();
  return { status: response.status, text, headers: response.headers };
}

test('a key is put and read in JSON', async () => {
  await using served = await serveNode();
  const put = await post(served, '/v3/kv/put', '{"key":"Zm9v","value":"YmFy"}');
  assert.equal(put.status, 200);
  assert.equal(JSON.parse(put.text).header.revision, '2');
  const { text, headers } = await post(served, '/v3/kv/range', '{"key":"Zm9v"}');
  const { header, ...rest } = JSON.parse(text);
  assert.equal(header.cluster_id, '18364758544493064720');
  const kv = { key: 'Zm9v', create_revision: '2', mod_revision: '2', version: '1', value: 'YmFy' };
  assert.deepEqual(rest, { kvs: [kv], count: '1' });
  assert.equal(headers.get('access-control-allow-origin'), '*');
  assert.equal(headers.get('content-type'), 'application/json');
});

test('a transaction nests, and an older prefix of the path will do', async () => {
  await using served = await serveNode();
  const inner = { request_txn: { success: [{ request_put: { key: 'YQ==', value: 'MQ==' } }] } };
  const compare = [{ key: 'YQ==', target: 'CREATE', result: 'EQUAL', create_revision: 0 }];
  const body = JSON.stringify({ compare, success: [inner] });
  const { text } = await post(served, '/v3beta/kv/txn', body);
  const { succeeded, responses } = JSON.parse(text);
  assert.equal(succeeded, true);
  assert.equal(responses[0].response_txn.succeeded, true);
});

test('errors have the status and the body that clients know', async () => {
  await using served = await serveNode();
  const of = async (path: string, body: string) => {
    const { status, text } = await post(served, path, body);
    const { error, message, code } = JSON.parse(text);
    assert.equal(error, message);
    return { status, code, message };
  };
  const noKey = 'etcdserver: key is not provided';
  assert.deepEqual(await of('/v3/kv/put', '{}'), { status: 400, code: 3, message: noKey });
  assert.deepEqual(await of('/v3/kv/put', ''), { status: 400, code: 3, message: noKey });
  const future = 'etcdserver: mvcc: required revision is a future revision';
  assert.deepEqual(await of('/v3/kv/range', '{"key":"YQ==","revision":"99"}'), {
    status: 400,
    code: 11,
    message: future,
  });
  assert.deepEqual(await of('/v3/kv/range', '{"key":"-_"}'), {
    status: 400,
    code: 3,
    message: 'illegal base64 data at input byte 0',
  });
  const bad = await of('/v3/kv/range', '{"key":');
  assert.equal(bad.status, 400);
  const large = JSON.stringify({ key: 'YQ==', value: 'A'.repeat(3_000_000) });
  const { status, code, message } = await of('/v3/kv/put', large);
  assert.deepEqual([status, code], [429, 8]);
  assert.match(message, /^grpc: received message larger than max \(\d+ vs\. 2097152\)$/);
  const huge = await of('/v3/kv/put', `{"key":"${'A'.repeat(5_000_000)}"}`);
  assert.deepEqual([huge.status, huge.code], [429, 8]);
});

test('other methods, paths and preflights are answered in kind', async () => {
  await using served = await serveNode();
  const of = async (path: string, method: string) => {
    const response = await fetch(at(served, path), { method });
    return [response.status, await response.text()];
  };
  assert.deepEqual(await of('/v3/kv/range', 'GET'), [405, 'Method Not Allowed\n']);
  assert.deepEqual(await of('/v3/kv/nothing', 'POST'), [404, 'Not Found\n']);
  assert.deepEqual(await of('/v3alpha/kv/range', 'POST'), [404, '404 page not found\n']);
  assert.deepEqual(await of('/v3/kv/range', 'OPTIONS'), [200, '']);
});
