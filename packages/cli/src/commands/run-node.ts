import { readdirSync } from 'node:fs';
import { FileSystemError, formatAddress } from '@quorate/base';
import type { QuorateServer } from '@quorate/server';
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

export interface NodeOptions extends Omit<ConfigurationSources, 'environment' | 'service'> {
  /** Started by `quorate up`: speak to it, and end when it ends. */
  readonly isSupervised: boolean;
}

/** What a server tells of itself while it runs. */
export interface NodeHandlers {
  readonly onHalt: (error: CliError) => void;
  readonly onRemoved: () => void;
}

/** What a node serves. */
export interface NodeService {
  /** Left out: as `ConfigurationSources` says. */
  readonly settings?: ConfigurationSources['service'];
  /** In the ready line: 'clients'. */
  readonly offer: string;
  /** @returns a server that clients can connect to */
  start(configuration: ServeConfiguration, handlers: NodeHandlers): Promise<QuorateServer>;
  /** Called after the server has closed. */
  closed?(): Promise<void>;
}

/** A node closes within 2 s; one that has not by then would hang its supervisor. */
const closeLimitMs = 4000;

type TellParent = (message: ChildMessage) => Promise<void>;

/** Runs one node until it is told to stop. */
export async function runNode(
  service: NodeService,
  options: NodeOptions,
  output: Output,
): Promise<number> {
  const tellParent = options.isSupervised ? sendToParent : async () => undefined;
  try {
    return await run(service, options, output, tellParent);
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

async function run(
  service: NodeService,
  { isSupervised, ...given }: NodeOptions,
  output: Output,
  tellParent: TellParent,
): Promise<number> {
  const stop = stopRequested(isSupervised, () => process.exit(1));
  const { settings } = service;
  const configuration = loadServeConfiguration({
    ...given,
    ...(settings === undefined ? {} : { service: settings }),
    environment: process.env,
  });
  checkDataDirectory(configuration, isSupervised);
  await checkAddresses([
    ...configuration.listenClientUrls.map((url) => ({ ...url, option: '--listen-client-urls' })),
    { ...configuration.listenPeerUrl, option: '--listen-peer-urls' },
    ...configuration.listenMetricsUrls.map((url) => ({ ...url, option: '--listen-metrics-urls' })),
  ]);
  const halted = Promise.withResolvers<never>();
  const removed = Promise.withResolvers<void>();
  const handlers = { onHalt: halted.reject, onRemoved: removed.resolve };
  const starting = start(service, configuration, handlers);
  const server = await Promise.race([starting, stop, halted.promise]);
  // Told to stop while it was starting: there is no way to interrupt that, only to close it then.
  void stop.then(() => setTimeout(() => process.exit(1), closeLimitMs).unref());
  if (typeof server === 'string') {
    await (await starting).close({ reason: server });
    return 0;
  }
  await announce(server, configuration, service, output, tellParent);
  const reason = await Promise.race([stop, halted.promise, removed.promise]);
  await server.close({ reason: reason ?? 'this member was removed from its cluster' });
  await service.closed?.();
  return 0;
}

async function start(
  service: NodeService,
  configuration: ServeConfiguration,
  handlers: NodeHandlers,
): Promise<QuorateServer> {
  try {
    return await service.start(configuration, handlers);
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
  { offer }: NodeService,
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
      `ready: ${configuration.name} serves ${offer} at ${clients.join(', ')} and peers at ${peer}`,
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
