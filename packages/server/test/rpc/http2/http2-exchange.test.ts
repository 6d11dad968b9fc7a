import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { ClientTotals } from '../../../src/limits/client-totals.ts';
import type { HttpHandler, HttpRequest, HttpResponse } from '../../../src/port/http-exchange.ts';
import { HttpClient } from './http-client.ts';
import { ServedBackend } from './served-backend.ts';

const { until } = ServedBackend;

/** Keeps what it is given, for the test to answer. */
function keeping() {
  const kept: { request: HttpRequest; response: HttpResponse; heard: string[] }[] = [];
  const handler: HttpHandler = (request, response) => {
    const heard: string[] = [];
    request.on('data', (bytes: Buffer) => heard.push(String(bytes)));
    for (const event of ['end', 'close']) request.on(event, () => heard.push(`request ${event}`));
    for (const event of ['finish', 'close']) {
      response.on(event, () => heard.push(`response ${event}`));
    }
    kept.push({ request, response, heard });
  };
  return { kept, handler };
}

test('a request and its answer are told as those of HTTP/1.1 are', async () => {
  const { kept, handler } = keeping();
  await using served = await ServedBackend.open({}, handler);
  await using client = new HttpClient(served.address);
  const given = { ':method': 'PUT', 'x-other': 'y', traceparent: 't', authorization: 'a' };
  const answer = client.ask('/some?thing', given, 'body');
  await until(() => kept[0]?.heard.includes('request close') === true);
  const [{ request, response, heard }] = kept as [(typeof kept)[number]];
  const { method, url, headers, complete } = request;
  assert.deepEqual(
    { method, url, complete },
    { method: 'PUT', url: '/some?thing', complete: true },
  );
  assert.deepEqual(headers, { traceparent: 't', authorization: 'a' });
  response.setHeader('x-set', '1');
  response.writeHead(418, { 'content-length': 5 });
  response.end('short');
  const { status, body, headers: fields } = await answer;
  assert.deepEqual([status, body, fields['x-set']], [418, 'short', '1']);
  await until(() => heard.includes('response close'));
  assert.deepEqual(heard, [
    'body',
    'request end',
    'request close',
    'response finish',
    'response close',
  ]);
});

test('who cancels is heard of, and who is answered early is told to stop', async () => {
  const { kept, handler } = keeping();
  await using served = await ServedBackend.open({}, handler);
  await using client = new HttpClient(served.address);
  const canceled = client.open('/', { ':method': 'POST' });
  canceled.write('x');
  await until(() => kept[0]?.heard.length === 1);
  canceled.close(8);
  await until(() => kept[0]?.heard.includes('response close') === true);
  assert.equal(kept[0]?.heard.includes('request close'), true);
  assert.equal(kept[0]?.heard.includes('response finish'), false);
  kept[0]?.response.writeHead(200, {});
  kept[0]?.response.end('too late');
  const early = client.open('/', { ':method': 'POST' });
  early.write('x');
  await until(() => kept.length === 2);
  kept[1]?.response.end();
  const [fields] = await once(early, 'response');
  assert.equal(fields[':status'], 200);
  early.resume();
  await once(early, 'close');
  await until(() => kept[1]?.heard.includes('request close') === true);
});

test('a request that its handler gives up is reset', async () => {
  const { kept, handler } = keeping();
  await using served = await ServedBackend.open({}, handler);
  await using client = new HttpClient(served.address);
  const stream = client.open('/', { ':method': 'POST' });
  await until(() => kept.length === 1);
  kept[0]?.request.destroy();
  await once(stream, 'close');
  assert.equal(stream.rstCode, 8);
  await until(() => kept[0]?.heard.includes('response close') === true);
});

test('an answer that is not read waits, is counted, and is let go in the end', async () => {
  const totals = new ClientTotals({ answerBytes: 2 ** 30, requestBytes: 2 ** 30, calls: 1000 });
  const { kept, handler } = keeping();
  await using served = await ServedBackend.open({}, handler, totals);
  await using client = new HttpClient(served.address, { initialWindowSize: 1000 });
  const [slow, stuck] = [client.open('/'), client.open('/')];
  for (const stream of [slow, stuck]) {
    stream.end();
    stream.pause();
  }
  await until(() => kept.length === 2);
  const responses = kept.map(({ response }) => response);
  assert.equal(responses[0]?.write(Buffer.alloc(500_000)), false);
  assert.equal(responses[1]?.write(Buffer.alloc(500_000)), false);
  assert.equal(responses[0]?.writableLength, 500_000);
  await until(() => totals.answers.amount > 990_000 && totals.answers.amount <= 1_000_000);
  const drained = once(responses[0] as HttpResponse, 'drain');
  let read = 0;
  slow.on('data', (bytes: Buffer) => {
    read += bytes.length;
  });
  slow.resume();
  await drained;
  responses[0]?.end();
  await once(slow, 'end');
  assert.equal(read, 500_000);
  responses[1]?.setTimeout(30);
  await until(() => kept[1]?.heard.includes('response close') === true);
  await until(() => totals.answers.amount === 0);
});

test('a connection that takes none of its answers is refused, in words of HTTP', async () => {
  const { kept, handler } = keeping();
  const totals = new ClientTotals({ answerBytes: 1_000_000, requestBytes: 2 ** 30, calls: 1000 });
  await using served = await ServedBackend.open({}, handler, totals);
  await using client = new HttpClient(served.address, { initialWindowSize: 1000 });
  const stuck = client.open('/');
  stuck.end();
  stuck.pause();
  await until(() => kept.length === 1);
  kept[0]?.response.write(Buffer.alloc(900_000));
  assert.equal((await client.ask('/')).status, 429);
  assert.equal(kept.length, 1);
});
