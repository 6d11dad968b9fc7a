import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { formatAddress } from '@quorate/base';
import colours from 'picocolors';
import { CliError } from '../cli-error.ts';
import { loadServeConfiguration } from '../configuration/serve-configuration.ts';
import type { Output } from '../output.ts';
import { checkAddresses } from '../port-check.ts';
import { programName } from '../program-name.ts';
import { exitSoon, stopRequested } from '../stop-signal.ts';
import { clientName, ensureCertificates } from '../supervisor/cluster-certificates.ts';
import {
  clearDirectory,
  inspectDirectory,
  waitForEarlierProcesses,
} from '../supervisor/cluster-directory.ts';
import type { ClusterEvent } from '../supervisor/cluster-event.ts';
import type { ClusterRecord } from '../supervisor/cluster-file.ts';
import { describeEvent } from '../supervisor/describe-event.ts';
import { describeLogLine } from '../supervisor/describe-log-line.ts';
import { LocalCluster } from '../supervisor/local-cluster.ts';
import { LogFollower, rotateLog } from '../supervisor/log-file.ts';
import {
  type ClusterService,
  type ClusterShape,
  certificatesOf,
  certificatesPath,
  type NodeFlags,
  type NodePlan,
  planNodes,
  serveFlags,
  urlsOf,
} from '../supervisor/plan.ts';
import { pause, systemClock } from '../system-time.ts';

/** What the nodes serve, and what to say of it. */
export interface LocalService extends ClusterService {
  /** A command to try, less the program. */
  readonly firstTry: string;
  /** One for a cluster too small to lose a node. */
  readonly secondTry: string;
}

export interface UpOptions {
  /** What is not given is what an earlier start chose, or the default. */
  readonly nodes: number | undefined;
  readonly clientPort: number | undefined;
  readonly peerPort: number | undefined;
  /** As with the others, undefined: as the earlier start had it. */
  readonly tls: boolean | undefined;
  readonly dataDirectory: string;
  readonly service: LocalService;
  readonly isFresh: boolean;
  readonly isVerbose: boolean;
  /** Passed on to every node. */
  readonly nodeFlags: NodeFlags;
}

interface Preparation {
  readonly service: LocalService;
  readonly directory: string;
  readonly shape: ClusterShape;
  readonly nodes: readonly NodePlan[];
  readonly token: string;
  readonly isFormed: boolean;
}

const logPollMs = 200;
const logRotationMs = 10_000;
const slowStartMs = 15_000;

/** Runs a local cluster until it is told to stop. */
export async function up(options: UpOptions, output: Output): Promise<number> {
  const refused = Promise.withResolvers<never>();
  let cluster: LocalCluster | null = null;
  const stop = stopRequested(false, () => {
    cluster?.kill();
    process.exit(1);
  });
  const prepared = await prepare(options);
  const slow = setTimeout(() => sayWaiting(prepared, output), slowStartMs);
  cluster = new LocalCluster({
    ...prepared,
    nodeFlags: options.nodeFlags,
    command: [process.execPath, ...process.execArgv, programPath()],
    onEvent: (event) => {
      if (event.event === 'clusterUp') clearTimeout(slow);
      report(event, prepared, output, (name) => cluster?.processIdOf(name) ?? 0);
    },
    onRefusal: refused.reject,
  });
  if (!output.isJson) sayStarting(prepared, output);
  const stopWatching = watchLogs(prepared.nodes, options.isVerbose, output);
  let isStarted = false;
  try {
    cluster.start();
    isStarted = true;
    await Promise.race([stop, refused.promise]);
    return 0;
  } finally {
    clearTimeout(slow);
    if (isStarted) await cluster.stop();
    stopWatching();
    exitSoon();
  }
}

async function prepare(options: UpOptions): Promise<Preparation> {
  const { dataDirectory: directory, service } = options;
  const { settings } = service;
  const record = inspectDirectory(directory);
  if (record !== null) checkService(record, options);
  const kept = options.isFresh ? null : record;
  const shape = chooseShape(options, kept);
  const nodes = planNodes(directory, shape);
  const token = kept?.token ?? `local-${randomBytes(6).toString('hex')}`;
  for (const node of nodes) {
    const flags = { ...serveFlags(node, nodes, token, 'new', settings), ...options.nodeFlags };
    const own = settings === undefined ? {} : { service: settings };
    loadServeConfiguration({ flags, configPath: undefined, ...own, environment: {} });
  }
  if (record !== null) await waitForEarlierProcesses(directory, record, systemClock, pause);
  const also = kept === null ? '' : ' and --fresh';
  const clientOption = `--client-port${also}`;
  const peerOption = options.peerPort === undefined ? clientOption : `--peer-port${also}`;
  await checkAddresses(
    nodes.flatMap(({ client, peer }) => [
      { ...client, option: clientOption },
      { ...peer, option: peerOption },
    ]),
  );
  if (options.isFresh && record !== null) clearDirectory(directory, record);
  if (shape.tls) {
    const names = nodes.map(({ name }) => name);
    await ensureCertificates(directory, names, Date.now());
  }
  return { service, directory, shape, nodes, token, isFormed: kept?.formed ?? false };
}

/** Also with --fresh: whoever mistakes the directory is not to lose another service's data. */
function checkService(record: ClusterRecord, { service, dataDirectory: path }: UpOptions): void {
  if (record.service === service.kind) return;
  const command = record.service === 'ledger' ? 'quorate ledger up' : 'quorate up';
  const problem = `${path} holds a cluster of ${command}; choose another --data-dir`;
  throw new CliError('CLI_DATA_DIRECTORY', problem, { path });
}

/** The number of nodes and their ports are part of what a cluster is: data goes with them. */
function chooseShape(options: UpOptions, kept: ClusterRecord | null): ClusterShape {
  if (kept === null) {
    const clientPort = options.clientPort ?? options.service.clientPort;
    const peerPort = options.peerPort ?? clientPort + 1;
    return { nodes: options.nodes ?? 3, clientPort, peerPort, tls: options.tls ?? false };
  }
  const { clientPort, peerPort, tls } = kept;
  const shape = { nodes: kept.nodes.length, clientPort, peerPort, tls };
  const differences = [
    { option: '--nodes', given: options.nodes, has: shape.nodes },
    { option: '--client-port', given: options.clientPort, has: shape.clientPort },
    { option: '--peer-port', given: options.peerPort, has: shape.peerPort },
  ];
  for (const { option, given, has } of differences) {
    if (given === undefined || given === has) continue;
    throw new CliError(
      'CLI_DATA_DIRECTORY',
      `${options.dataDirectory} holds a cluster with ${option} ${has}, not ${given}; ` +
        'leave the option out, use --fresh to begin anew, or choose another --data-dir',
      { path: options.dataDirectory },
    );
  }
  if (options.tls === true && !shape.tls) {
    throw new CliError(
      'CLI_DATA_DIRECTORY',
      `${options.dataDirectory} holds a cluster without TLS, and a cluster keeps what it began ` +
        'with; leave --tls out, use --fresh to begin anew, or choose another --data-dir',
      { path: options.dataDirectory },
    );
  }
  return shape;
}

/** @returns ends it */
function watchLogs(nodes: readonly NodePlan[], isVerbose: boolean, output: Output): () => void {
  const rotation = setInterval(() => {
    for (const { logPath } of nodes) rotateLog(logPath);
  }, logRotationMs);
  if (!isVerbose) return () => clearInterval(rotation);
  const palette = [colours.cyan, colours.magenta, colours.blue, colours.yellow, colours.green];
  const followers = nodes.map(({ name, logPath }, index) => {
    const prefix = (palette[index % palette.length] ?? colours.cyan)(`${name} |`);
    return new LogFollower(logPath, (line) => {
      if (output.isJson) output.json({ event: 'log', node: name, line });
      else output.line(`${prefix} ${describeLogLine(line)}`);
    });
  });
  const poll = (): void => {
    for (const follower of followers) follower.poll();
  };
  const following = setInterval(poll, logPollMs);
  return () => {
    clearInterval(rotation);
    clearInterval(following);
    poll();
  };
}

function report(
  event: ClusterEvent,
  prepared: Preparation,
  output: Output,
  processIdOf: (name: string) => number,
): void {
  if (output.isJson) {
    output.json(event.event === 'clusterUp' ? { ...event, nodes: endpoints(prepared) } : event);
    return;
  }
  const line = describeEvent(event);
  if (line !== null) output.line(line);
  if (event.event === 'clusterUp') sayUp(event.leader, processIdOf(event.leader), prepared, output);
}

function endpoints({ nodes }: Preparation): string[] {
  return nodes.map((node) =>
    node.certificates === null ? formatAddress(node.client) : urlsOf(node).clientUrl,
  );
}

function sayStarting({ nodes, directory, isFormed }: Preparation, output: Output): void {
  const what = isFormed ? 'resuming' : 'starting';
  const count = nodes.length === 1 ? '1 node' : `${nodes.length} nodes`;
  output.line(`${what} ${count} in ${directory} (logs: ${directory}/n*/log)`);
}

function sayWaiting({ directory }: Preparation, output: Output): void {
  if (output.isJson) output.json({ event: 'waiting' });
  else output.line(`still no leader; the logs in ${directory}/n*/log may say why`);
}

function sayUp(
  leader: string,
  leaderProcessId: number,
  prepared: Preparation,
  output: Output,
): void {
  const addresses = endpoints(prepared);
  const count = addresses.length === 1 ? '1 node' : `${addresses.length} nodes`;
  output.line(colours.bold(`${count} up: ${addresses.join(', ')}; leader ${leader}`));
  const program = programName(programPath(), process.env);
  const where = connectionFlags(prepared, addresses[0] ?? '');
  const { firstTry, secondTry } = prepared.service;
  output.line(`try: ${program} ${firstTry}${where}`);
  output.line(
    addresses.length > 2
      ? `     kill -9 ${leaderProcessId}   # the leader; another takes over`
      : `     ${program} ${secondTry}${where}`,
  );
}

/** What a command needs to reach the cluster, if anything. */
function connectionFlags({ directory, shape, service }: Preparation, endpoint: string): string {
  const isUsual = shape.clientPort === service.clientPort;
  if (!shape.tls) return isUsual ? '' : ` --endpoints ${endpoint}`;
  const { ca, cert, key } = certificatesOf(certificatesPath(directory), clientName);
  return ` --endpoints ${endpoint} --cacert ${ca} --cert ${cert} --key ${key}`;
}

function programPath(): string {
  return resolve(process.argv[1] ?? '');
}
