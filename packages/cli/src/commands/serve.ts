import type { BackupOptions, ServerOptions } from '@quorate/server';
import type { BackupSettings } from '../backup/backup-settings.ts';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import type { ServeConfiguration } from '../configuration/serve-configuration.ts';
import type { Output } from '../output.ts';
import type { OpenTracing } from '../tracing/open-tracing.ts';
import { type NodeOptions, runNode } from './run-node.ts';

/** Runs one node of the coordination service until it is told to stop. */
export async function serve(options: NodeOptions, output: Output): Promise<number> {
  let tracing: OpenTracing | null = null;
  return runNode(
    {
      offer: 'clients',
      async start(configuration, { onHalt, onRemoved }) {
        tracing = await tracingOf(configuration);
        const { backup } = configuration;
        // Here, not at the top: the other commands start faster without the server.
        const { startServer } = await import('@quorate/server');
        return startServer({
          ...serverOptions(configuration, onHalt),
          onRemoved,
          ...(tracing === null ? {} : { tracer: tracing.tracer }),
          ...(backup === null ? {} : { backup: await backupOptions(backup) }),
        });
      },
      closed: async () => tracing?.close(),
    },
    options,
    output,
  );
}

async function tracingOf({ tracing, name }: ServeConfiguration): Promise<OpenTracing | null> {
  if (tracing === null) return null;
  // Here, not at the top: few trace, and loading what that needs takes a while.
  const { openTracing } = await import('../tracing/open-tracing.ts');
  return openTracing(tracing, name);
}

async function backupOptions(settings: BackupSettings): Promise<BackupOptions> {
  const { openTarget } = await import('../backup/open-target.ts');
  const { intervalMs, retain, s3Endpoint } = settings;
  const target = await openTarget(settings.target, s3Endpoint);
  return { target, intervalMs, ...(retain === null ? {} : { retain }) };
}

/** @returns what a server takes of the configuration, and what is to be done when it has to stop */
export function serverOptions(
  configuration: ServeConfiguration,
  onHalt: (error: CliError) => void,
): ServerOptions {
  const { clientTls, peerTls } = configuration.tls;
  return {
    name: configuration.name,
    dataDirectory: configuration.dataDirectory,
    members: configuration.members.map(({ name, peerUrl, otherPeerUrls = [] }) => {
      return { name, peerUrls: [peerUrl, ...otherPeerUrls].map(({ text }) => text) };
    }),
    clusterToken: configuration.clusterToken,
    clusterState: configuration.clusterState,
    acceptsAnyToken: !configuration.isTokenGiven,
    autoPromoteLearners: configuration.autoPromoteLearners,
    listenPeer: addressOf(configuration.listenPeerUrl),
    listenClient: configuration.listenClientUrls.map((url) => {
      return { ...addressOf(url), isSecure: url.isSecure };
    }),
    listenMetrics: configuration.listenMetricsUrls.map(addressOf),
    ...(clientTls === null ? {} : { clientTls }),
    ...(peerTls === null ? {} : { peerTls }),
    advertiseClientUrls: configuration.advertiseClientUrls.map((url) => url.text),
    tuning: {
      heartbeatIntervalMs: configuration.heartbeatIntervalMs,
      electionTimeoutMs: configuration.electionTimeoutMs,
      snapshotLogBytes: configuration.snapshotLogBytes,
      snapshotTailEntries: configuration.snapshotTailEntries,
    },
    ...configuration.api,
    log: { level: configuration.logLevel, format: configuration.logFormat },
    onHalt: (error) => {
      onHalt(
        new CliError(
          'CLI_NODE_HALTED',
          `${configuration.name} had to stop itself: ${messageOf(error)}`,
          { cause: codeOf(error) },
          { cause: error },
        ),
      );
    },
  };
}

function addressOf({ host, port }: { host: string; port: number }) {
  return { host, port };
}
