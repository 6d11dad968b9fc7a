import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { formatAddress } from '@quorate/base';
import { connect } from '@quorate/client';
import { openTracing } from '../../src/tracing/open-tracing.ts';
import { followerOf, keptTracer, spansOf, startTraced, summary } from './traced-cluster.ts';

interface Received {
  readonly path: string;
  readonly body: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly { key: string; value: object }[] };
      readonly scopeSpans: readonly {
        readonly spans: readonly { traceId: string; name: string }[];
      }[];
    }[];
  };
}

/** Takes spans by OTLP over HTTP, as JSON. */
async function startCollector(context: TestContext) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      received.push({ path: request.url ?? '', body });
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { received, endpoint: `http://127.0.0.1:${port}/v1/traces` };
}

describe('tracing', () => {
  it('follows a put from the client through a follower to every log', async (context) => {
    const exporter = new InMemorySpanExporter();
    const servers = await startTraced(context, (name) => keptTracer(exporter, name));
    const endpoint = followerOf(servers);
    await using client = connect({
      endpoints: [endpoint],
      tracer: keptTracer(exporter, 'app'),
      timeoutMs: 30_000,
    });
    await client.put('k', 'v');

    const isOurs = (name: string) => name === 'etcdserverpb.KV/Put';
    const first = exporter.getFinishedSpans().find(({ name }) => isOurs(name));
    const traceId = first?.spanContext().traceId ?? '';
    // Client and server; in each of three logs append and apply; replicate at the leader.
    const spans = await spansOf(exporter, traceId, 9);
    const leader = servers.findIndex((server) => server.status().role === 'leader');
    const served = servers.findIndex(
      ({ clientAddresses: [address] }) =>
        address !== undefined && formatAddress(address) === endpoint,
    );
    const expected = ['n1', 'n2', 'n3'].flatMap((name, i) => {
      const role = i === leader ? 'leader' : 'follower';
      return [
        `${name} quorate.append ${role}`,
        `${name} quorate.apply ${role}`,
        ...(i === leader ? [`${name} quorate.replicate leader`] : []),
        ...(i === served ? [`${name} etcdserverpb.KV/Put`] : []),
      ];
    });
    assert.deepEqual(
      spans.map(summary).toSorted(),
      [...expected, 'app etcdserverpb.KV/Put'].toSorted(),
    );

    const root = spans.find((span) => span.parentSpanContext === undefined);
    const call = spans.find(({ parentSpanContext }) => {
      return parentSpanContext?.spanId === root?.spanContext().spanId;
    });
    assert.deepEqual(
      [root, call].map((span) => span?.name).every((name) => isOurs(name ?? '')),
      true,
    );
    const inLogs = spans.filter(({ name }) => name.startsWith('quorate.'));
    for (const span of inLogs) {
      assert.equal(span.parentSpanContext?.spanId, call?.spanContext().spanId);
    }
    // One entry, whoever tells of it.
    const places = inLogs.map(
      ({ attributes: { 'quorate.term': term, 'quorate.index': index } }) => {
        return `${term}/${index}`;
      },
    );
    assert.equal(new Set(places).size, 1);
  });

  it('tells a collector what some members saw, and others apply the same', async (context) => {
    const { received, endpoint } = await startCollector(context);
    const configuration = { endpoint, samplingRatio: 1, serviceName: 'tested' };
    const tracing = openTracing(configuration, 'n1');
    const servers = await startTraced(context, (name) => (name === 'n1' ? tracing.tracer : null));
    const [first] = servers;
    const address = formatAddress(first?.clientAddresses[0] ?? { host: '', port: 0 });
    await using client = connect({ endpoints: [address], timeoutMs: 30_000 });
    const { revision } = await client.put('k', 'v');
    await assert.rejects(client.compact(revision + 1000), /future revision/);
    for (const server of servers) {
      const own = formatAddress(server.clientAddresses[0] ?? { host: '', port: 0 });
      await using reader = connect({ endpoints: [own], timeoutMs: 30_000 });
      assert.equal((await reader.get('k')).keyValues[0]?.modRevision, revision);
    }
    await tracing.close();
    const sent = received.flatMap(({ body }) => body.resourceSpans);
    const spans = sent.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    const put = spans.find(({ name }) => name === 'etcdserverpb.KV/Put');
    const names = spans.filter(({ traceId }) => traceId === put?.traceId).map(({ name }) => name);
    assert.deepEqual(names.includes('quorate.append') && names.includes('quorate.apply'), true);
    assert.deepEqual(
      sent[0]?.resource.attributes.find(({ key }) => key === 'service.name')?.value,
      { stringValue: 'tested' },
    );
    assert.ok(received.every(({ path }) => path === '/v1/traces'));
  });

  it('loses spans, and nothing else, when nobody takes them', async (context) => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await once(closed.close(), 'close');
    const endpoint = `http://127.0.0.1:${port}/v1/traces`;
    const tracing = openTracing({ endpoint, samplingRatio: 1, serviceName: 'x' }, 'n1');
    const servers = await startTraced(context, (name) => (name === 'n1' ? tracing.tracer : null));
    const address = formatAddress(servers[0]?.clientAddresses[0] ?? { host: '', port: 0 });
    await using client = connect({ endpoints: [address], timeoutMs: 30_000 });
    await client.put('k', 'v');
    await tracing.close();
    await client.put('k', 'w');
  });
});
