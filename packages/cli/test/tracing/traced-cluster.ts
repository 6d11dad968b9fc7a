import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Tracer } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  type InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { formatAddress } from '@quorate/base';
import { type QuorateServer, startServer } from '@quorate/server';
import { freePorts, temporaryDirectory } from '../run-program.ts';

/** A tracer of its own, whose spans are kept in one place. */
export function keptTracer(exporter: InMemorySpanExporter, name: string): Tracer {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.instance.id': name }),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  return provider.getTracer('test');
}

/** Three servers in this process; `tracerOf` null: that one is not traced. */
export async function startTraced(
  context: TestContext,
  tracerOf: (name: string) => Tracer | null,
): Promise<readonly QuorateServer[]> {
  const directory = await temporaryDirectory(context);
  const names = ['n1', 'n2', 'n3'];
  const first = await freePorts(names.map((_, i) => i));
  const members = names.map((name, i) => ({ name, peerUrls: [`http://127.0.0.1:${first + i}`] }));
  const servers = await Promise.all(
    names.map((name, i) => {
      const tracer = tracerOf(name);
      return startServer({
        name,
        dataDirectory: join(directory, name),
        members,
        clusterToken: directory,
        listenPeer: { host: '127.0.0.1', port: first + i },
        listenClient: [{ host: '127.0.0.1', port: 0 }],
        advertiseClientUrls: [`http://${name}:2379`],
        tuning: { heartbeatIntervalMs: 50, electionTimeoutMs: 500, segmentBytes: 4 * 1024 * 1024 },
        log: { level: 'silent', format: 'json' },
        ...(tracer === null ? {} : { tracer }),
      });
    }),
  );
  context.after(() => Promise.all(servers.map((server) => server.close())));
  await Promise.all(servers.map(leaderKnown));
  return servers;
}

function leaderKnown(server: QuorateServer): Promise<void> {
  return new Promise((resolve) => {
    const told = (leader: bigint): void => {
      if (leader !== 0n) resolve();
    };
    server.onLeader(told);
    told(server.status().leader);
  });
}

/** The first address of one that does not lead. */
export function followerOf(servers: readonly QuorateServer[]): string {
  const follower = servers.find((server) => server.status().role === 'follower');
  const address = follower?.clientAddresses[0];
  if (address === undefined) throw new Error('two of three members follow');
  return formatAddress(address);
}

/** Resolves with the spans of one trace once `count` of them have ended. */
export async function spansOf(
  exporter: InMemorySpanExporter,
  traceId: string,
  count: number,
): Promise<readonly ReadableSpan[]> {
  for (;;) {
    const spans = exporter
      .getFinishedSpans()
      .filter((span) => span.spanContext().traceId === traceId);
    if (spans.length >= count) return spans;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a span says of itself, without what differs from run to run. */
export function summary({ name, attributes, resource }: ReadableSpan): string {
  const role = attributes['quorate.role'] ?? '';
  return `${resource.attributes['service.instance.id']} ${name} ${role}`.trim();
}
