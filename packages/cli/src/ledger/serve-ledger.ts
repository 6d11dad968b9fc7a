import { FileSystemError, formatAddress } from '@quorate/base';
import type { LedgerServer, LedgerServerOptions } from '@quorate/server';
import { formatMemberId } from '../child-message.ts';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { serverOptions } from '../commands/serve.ts';
import {
  type ConfigurationSources,
  loadServeConfiguration,
  type ServeConfiguration,
} from '../configuration/serve-configuration.ts';
import type { Output } from '../output.ts';
import { checkAddresses } from '../port-check.ts';
import { exitSoon, stopRequested } from '../stop-signal.ts';

/** A node closes within 2 s. */
const closeLimitMs = 4000;

/** Runs one node of a ledger until it is told to stop. */
export async function serveLedger(
  sources: Omit<ConfigurationSources, 'environment'>,
  output: Output,
): Promise<number> {
  try {
    return await runNode(sources, output);
  } finally {
    exitSoon();
  }
}

async function runNode(
  sources: Omit<ConfigurationSources, 'environment'>,
  output: Output,
): Promise<number> {
  const stop = stopRequested(false, () => process.exit(1));
  const configuration = loadServeConfiguration({ ...sources, environment: process.env });
  await checkAddresses([
    ...configuration.listenClientUrls.map((url) => ({ ...url, option: '--listen-client-urls' })),
    { ...configuration.listenPeerUrl, option: '--listen-peer-urls' },
    ...configuration.listenMetricsUrls.map((url) => ({ ...url, option: '--listen-metrics-urls' })),
  ]);
  const halted = Promise.withResolvers<never>();
  const starting = start(configuration, halted.reject);
  const server = await Promise.race([starting, stop, halted.promise]);
  // Told to stop while it was starting: there is no way to interrupt that, only to close it then.
  void stop.then(() => setTimeout(() => process.exit(1), closeLimitMs).unref());
  if (typeof server === 'string') {
    await (await starting).close({ reason: server });
    return 0;
  }
  announce(server, configuration, output);
  const reason = await Promise.race([stop, halted.promise]);
  await server.close({ reason });
  return 0;
}

async function start(
  configuration: ServeConfiguration,
  onHalt: (error: CliError) => void,
): Promise<LedgerServer> {
  // Here, not at the top: the other commands start faster without the server.
  const { startLedgerServer } = await import('@quorate/server');
  try {
    return await startLedgerServer(ledgerOptions(configuration, onHalt));
  } catch (error) {
    // Without a code it is a defect, whose stack is worth more than a sentence.
    if (codeOf(error) === null && !(error instanceof FileSystemError)) throw error;
    const message = `${configuration.name} could not start: ${messageOf(error)}`;
    throw new CliError('CLI_START_FAILED', message, { cause: codeOf(error) }, { cause: error });
  }
}

/** What concerns only the coordination service is left out. */
function ledgerOptions(
  configuration: ServeConfiguration,
  onHalt: (error: CliError) => void,
): LedgerServerOptions {
  const all = serverOptions(configuration, onHalt);
  const { name, dataDirectory, members, clusterToken, listenPeer, listenClient } = all;
  const { advertiseClientUrls, listenMetrics, clientTls, peerTls } = all;
  const { log, onHalt: halt } = all;
  const { heartbeatIntervalMs, electionTimeoutMs } = configuration;
  const { maxConnections } = configuration.api.api;
  return {
    ...{ name, dataDirectory, members, clusterToken, listenPeer, listenClient },
    advertiseClientUrls,
    tuning: { heartbeatIntervalMs, electionTimeoutMs },
    ...(listenMetrics === undefined ? {} : { listenMetrics }),
    ...(clientTls === undefined ? {} : { clientTls }),
    ...(peerTls === undefined ? {} : { peerTls }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
    ...(log === undefined ? {} : { log }),
    ...(halt === undefined ? {} : { onHalt: halt }),
  };
}

function announce(server: LedgerServer, configuration: ServeConfiguration, output: Output): void {
  const { name, listenClientUrls, listenPeerUrl, dataDirectory } = configuration;
  const { memberId, clusterId } = server.status();
  const clientUrls = server.clientAddresses.map((address, index) => {
    const isSecure = listenClientUrls[index]?.isSecure === true;
    return `${isSecure ? 'https' : 'http'}://${formatAddress(address)}`;
  });
  const peerUrl = listenPeerUrl.text;
  if (!output.isJson) {
    output.line(
      `ready: ${name} serves a ledger at ${clientUrls.join(', ')} and peers at ${peerUrl}`,
    );
    return;
  }
  const ids = { memberId: formatMemberId(memberId), clusterId: formatMemberId(clusterId) };
  output.json({
    event: 'ready',
    name,
    ...ids,
    clientUrls,
    peerUrl,
    dataDirectory,
    pid: process.pid,
  });
}
