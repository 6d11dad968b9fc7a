import assert from 'node:assert/strict';
import { test } from 'node:test';
import { open, readToEnd } from '../raw-connection.ts';
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
  const tooDeep = { status: 400, code: 3, message: 'exceeded max depth' };
  assert.deepEqual(await of('/v3/kv/txn', '{"a":'.repeat(200_000)), tooDeep);
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

test('a lock is waited for, and who hangs up leaves the queue', async () => {
  await using served = await serveNode();
  const body = JSON.stringify({ name: Buffer.from('job').toString('base64') });
  const first = JSON.parse((await post(served, '/v3/lock/lock', body)).text);
  assert.match(Buffer.from(first.key, 'base64').toString(), /^job\/[0-9a-f]+$/);
  const keys = async (): Promise<number> => {
    const range = JSON.stringify({ key: 'am9iLw==', range_end: 'am9iMA==', count_only: true });
    return Number(JSON.parse((await post(served, '/v3/kv/range', range)).text).count);
  };
  const leaving = new AbortController();
  const options = { method: 'POST', body, signal: leaving.signal };
  const second = fetch(at(served, '/v3/lock/lock'), options).catch((error: Error) => error.name);
  while ((await keys()) !== 2) await new Promise(setImmediate);
  leaving.abort();
  assert.equal(await second, 'AbortError');
  while ((await keys()) !== 1) await new Promise(setImmediate);
  const third = post(served, '/v3/lock/lock', body);
  while ((await keys()) !== 2) await new Promise(setImmediate);
  await post(served, '/v3/lock/unlock', JSON.stringify({ key: first.key }));
  assert.equal((await third).status, 200);
});

test('of a body the first object is read, and nothing at all is the empty message', async () => {
  await using served = await serveNode();
  for (const rest of ['x', '{"key":', '}', ' {}']) {
    const { status, text } = await post(
      served,
      '/v3/kv/put',
      `{"key":"fQ==","value":"In0="}${rest}`,
    );
    assert.equal(status, 200, text);
  }
  for (const body of ['', 'null', ' \n']) {
    const { status, text } = await post(served, '/v3/kv/range', body);
    assert.equal(status, 400);
    assert.equal(JSON.parse(text).message, 'etcdserver: key is not provided');
  }
  const marked = await post(served, '/v3/kv/range', '\ufeff{"key":"fQ=="}');
  assert.equal(JSON.parse(marked.text).code, 3);
});

test('a stream that begins with no message has a status of its own', async () => {
  await using served = await serveNode();
  const { status, text } = await post(served, '/v3/lease/keepalive', '{"ID":true}');
  assert.equal(status, 500);
  assert.equal(JSON.parse(text).code, 2);
  const later = await post(served, '/v3/lease/keepalive', '{"ID":7}{"ID":true}{"ID":8}');
  assert.equal(later.status, 200);
  assert.equal(later.text.trim().split('\n').length, 1);
});

test('every page may be read by any other, and says how it may be asked', async () => {
  await using served = await serveNode();
  for (const path of ['/version', '/nothing', '/v3/nothing']) {
    const options = await fetch(at(served, path), { method: 'OPTIONS' });
    assert.deepEqual([options.status, await options.text()], [200, '']);
    const { headers } = await fetch(at(served, path));
    assert.equal(headers.get('access-control-allow-origin'), '*');
  }
  const { status, headers } = await post(served, '/version', '');
  assert.deepEqual([status, headers.get('allow')], [405, 'GET']);
});

test('a request may name the origin before its path', async () => {
  await using served = await serveNode();
  const socket = await open(served.address);
  const body = '{"key":"Zm9v"}';
  const length = `Host: x\r\nConnection: close\r\nContent-Length: ${body.length}`;
  socket.write(`POST http://x:2379/v3/kv/range HTTP/1.1\r\n${length}\r\n\r\n${body}`);
  assert.match(await readToEnd(socket), /^HTTP\/1\.1 200 OK\r\n.*"revision":"1"/s);
});

test('a request may say how long it waits', async () => {
  await using served = await serveNode();
  const of = async (path: string, body: string, timeout: string) => {
    const headers = { 'grpc-timeout': timeout };
    const response = await fetch(at(served, path), { method: 'POST', body, headers });
    return [response.status, await response.text()] as const;
  };
  const late = {
    error: 'context deadline exceeded',
    message: 'context deadline exceeded',
    code: 4,
  };
  for (const path of ['/v3/kv/range', '/v3/watch', '/v3/lock/lock', '/v3/lease/keepalive']) {
    const [status, text] = await of(path, '{}', '1n');
    assert.deepEqual([status, JSON.parse(text)], [504, late], path);
  }
  for (const timeout of ['0n', '99999999H', '10S']) {
    const [status, text] = await of('/v3/kv/range', '{"key":"Zm9v"}', timeout);
    assert.equal(status, 200, text);
  }
  for (const timeout of ['1', '1x', '-1S', 'soon']) {
    const [status, text] = await of('/v3/kv/range', '{"key":"Zm9v"}', timeout);
    assert.deepEqual([status, JSON.parse(text).code], [400, 3], timeout);
    assert.equal(JSON.parse(text).message, `invalid grpc-timeout: ${timeout}`);
  }
});

test('what waits ends with the time of its request', async () => {
  await using served = await serveNode();
  const body = JSON.stringify({ name: Buffer.from('job').toString('base64') });
  await post(served, '/v3/lock/lock', body);
  const headers = { 'grpc-timeout': '50m' };
  const options = { method: 'POST', body, headers };
  assert.equal((await fetch(at(served, '/v3/lock/lock'), options)).status, 504);
  const range = JSON.stringify({ key: 'am9iLw==', range_end: 'am9iMA==', count_only: true });
  const keys = async (): Promise<string> =>
    JSON.parse((await post(served, '/v3/kv/range', range)).text).count;
  while ((await keys()) !== '1') await new Promise(setImmediate);
  const watch = await fetch(at(served, '/v3/watch'), {
    ...options,
    body: '{"create_request":{"key":"YQ=="}}',
  });
  const lines = (await watch.text()).trim().split('\n');
  assert.equal(watch.status, 200);
  assert.equal(JSON.parse(lines[0] ?? '').result.created, true);
  const { grpc_code, http_code } = JSON.parse(lines[1] ?? '').error;
  assert.deepEqual([grpc_code, http_code], [4, 504]);
});
