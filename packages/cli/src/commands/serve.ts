import { readdirSync } from 'node:fs';
import { FileSystemError, formatAddress } from '@quorate/base';
import type { BackupOptions, QuorateServer, ServerOptions } from '@quorate/server';
import type { BackupSettings } from '../backup/backup-settings.ts';
import { type ChildMessage, formatMemberId } from '../child-message.ts';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import {
  type ConfigurationSources,
  loadServeConfiguration,
  type ServeConfiguration,
} from '../configuration/serve-configuration.ts';
import type { Output } from '../output.ts';
import { checkAddresses } from '../port-check.ts';
import { exitSoon, stopRequested } from '../stop-signal.ts';
import type { OpenTracing } from '../tracing/open-tracing.ts';

export interface ServeOptions extends Omit<ConfigurationSources, 'environment'> {
  /** Started by `quorate up`: speak to it, and end when it ends. */
  readonly isSupervised: boolean;
}

/** A node closes within 2 s; one that has not by then would hang its supervisor. */
const closeLimitMs = 4000;

/** Runs one node until it is told to stop. */
export async function serve(options: ServeOptions, output: Output): Promise<number> {
  const tellParent = options.isSupervised ? sendToParent : async () => undefined;
  try {
    return await runNode(options, output, tellParent);
  } catch (error) {
    if (error instanceof CliError) {
      await tellParent({ kind: 'failed', code: error.code, message: messageOf(error) });
    }
    throw error;
  } finally {
    if (options.isSupervised && process.connected) process.disconnect();
    exitSoon();
  }
}

type TellParent = (message: ChildMessage) => Promise<void>;

async function runNode(
  options: ServeOptions,
  output: Output,
  tellParent: TellParent,
): Promise<number> {
  const stop = stopRequested(options.isSupervised, () => process.exit(1));
  const configuration = loadServeConfiguration({ ...options, environment: process.env });
  checkDataDirectory(configuration, options.isSupervised);
  await checkAddresses([
    ...configuration.listenClientUrls.map((url) => ({ ...url, option: '--listen-client-urls' })),
    { ...configuration.listenPeerUrl, option: '--listen-peer-urls' },
    ...configuration.listenMetricsUrls.map((url) => ({ ...url, option: '--listen-metrics-urls' })),
  ]);
  const halted = Promise.withResolvers<never>();
  const removed = Promise.withResolvers<void>();
  const tracing = await tracingOf(configuration);
  const starting = start(configuration, halted.reject, removed.resolve, tracing?.tracer ?? null);
  const server = await Promise.race([starting, stop, halted.promise]);
  // Told to stop while it was starting: there is no way to interrupt that, only to close it then.
  void stop.then(() => setTimeout(() => process.exit(1), closeLimitMs).unref());
  if (typeof server === 'string') {
    await (await starting).close({ reason: server });
    return 0;
  }
  await announce(server, configuration, output, tellParent);
  const reason = await Promise.race([stop, halted.promise, removed.promise]);
  await server.close({ reason: reason ?? 'this member was removed from its cluster' });
  await tracing?.close();
  return 0;
}

async function tracingOf({ tracing, name }: ServeConfiguration): Promise<OpenTracing | null> {
  if (tracing === null) return null;
  // Here, not at the top: few trace, and loading what that needs takes a while.
  const { openTracing } = await import('../tracing/open-tracing.ts');
  return openTracing(tracing, name);
}

async function start(
  configuration: ServeConfiguration,
  onHalt: (error: CliError) => void,
  onRemoved: () => void,
  tracer: OpenTracing['tracer'] | null,
): Promise<QuorateServer> {
  // Here, not at the top: the other commands start faster without the server.
  const { startServer } = await import('@quorate/server');
  try {
    const options = serverOptions(configuration, onHalt);
    const { backup } = configuration;
    return await startServer({
      ...options,
      onRemoved,
      ...(tracer === null ? {} : { tracer }),
      ...(backup === null ? {} : { backup: await backupOptions(backup) }),
    });
  } catch (error) {
    // Without a code it is a defect, whose stack is worth more than a sentence.
    if (codeOf(error) === null && !(error instanceof FileSystemError)) throw error;
    throw new CliError(
      'CLI_START_FAILED',
      `${configuration.name} could not start: ${messageOf(error)}`,
      { cause: codeOf(error) },
      { cause: error },
    );
  }
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

/**
 * A voter that has lost its disk must not come back as a blank one: it could vote a second time in
 * a term, or deny an entry it has acknowledged. Where there are others to ask, they say whether
 * this node was added and has never run; `quorate up` adds none.
 */
function checkDataDirectory(
  { clusterState, dataDirectory, members }: ServeConfiguration,
  isSupervised: boolean,
): void {
  let names: readonly string[] = [];
  try {
    names = readdirSync(dataDirectory);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw dataDirectoryError(
        dataDirectory,
        `cannot be used (${messageOf(error)}); check the path`,
      );
    }
  }
  // Neither a lock file nor a new file system's lost+found is data: only a log that has begun is.
  const hasData = names.includes('identity') && names.includes('log-begun');
  const mayJoin = !isSupervised && members.length > 1;
  if (clusterState === 'existing' && !hasData && !mayJoin) {
    throw dataDirectoryError(
      dataDirectory,
      'has no log, but with --initial-cluster-state existing this node must have data; ' +
        'restore its directory, or begin a new cluster with all its members',
    );
  }
}

function dataDirectoryError(path: string, problem: string): CliError {
  return new CliError('CLI_DATA_DIRECTORY', `--data-dir: ${path} ${problem}`, { path });
}

async function announce(
  server: QuorateServer,
  configuration: ServeConfiguration,
  output: Output,
  tellParent: TellParent,
): Promise<void> {
  const { memberId, clusterId, leader, term } = server.status();
  const tellLeader = (id: bigint, itsTerm: number): void => {
    const name = id === 0n ? null : formatMemberId(id);
    void tellParent({ kind: 'leader', leader: name, term: itsTerm });
  };
  server.onLeader(tellLeader);
  const sent = tellParent({ kind: 'ready', memberId: formatMemberId(memberId) });
  tellLeader(leader, term);
  await sent;
  const clients = server.clientAddresses.map((address, index) => {
    const isSecure = configuration.listenClientUrls[index]?.isSecure === true;
    return `${isSecure ? 'https' : 'http'}://${formatAddress(address)}`;
  });
  const peer = configuration.listenPeerUrl.text;
  if (output.isJson) {
    output.json({
      event: 'ready',
      name: configuration.name,
      memberId: formatMemberId(memberId),
      clusterId: formatMemberId(clusterId),
      clientUrls: clients,
      peerUrl: peer,
      dataDirectory: configuration.dataDirectory,
      pid: process.pid,
    });
  } else {
    output.line(
      `ready: ${configuration.name} serves clients at ${clients.join(', ')} and peers at ${peer}`,
    );
  }
}

/** Resolves when the message has left; a parent that is gone is noticed elsewhere. */
function sendToParent(message: ChildMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}
