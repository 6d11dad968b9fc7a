import { type Logger, type Network, Prng } from '@quorate/base';
import { type HostTuning, memoryStorage } from '@quorate/host';
import {
  createLogger,
  type OpenedMember,
  openMember,
  openTlsNetwork,
  systemCrypto,
  timers,
} from '@quorate/node';
import { ElectionMachine } from './core/election-machine.ts';
import type { ElectionTiming } from './core/election-timing.ts';
import type { Election } from './election.ts';
import type { ElectionOptions } from './election-options.ts';
import { type ElectionOrigin, originOf } from './election-origin.ts';
import { type ParsedElectionOptions, parseElectionOptions } from './parse-election-options.ts';
import { RunningElection } from './running-election.ts';

/** Permanent: it decides the id of the group. */
const groupName = 'election';

const defaultLog = { level: 'info', format: 'logfmt' } as const;

const kibibyte = 1024;

/** There is little to keep: a log of a few entries for each leadership. */
const smallLog: Partial<HostTuning> = {
  segmentBytes: 32 * kibibyte,
  snapshotLogBytes: 32 * kibibyte,
  snapshotTailEntries: 32,
  maxCommandBytes: 8 * kibibyte,
};

/**
 * Opens one node of an election on this machine. Founders (`peers`) and nodes that were here before
 * are open once they have recovered their votes and listen; there may be no leader yet. A node that
 * joins is open once it was taken in.
 *
 * ```ts
 * await using election = await createElection({
 *   id: 1,
 *   peers: { 1: '10.0.0.1:7001', 2: '10.0.0.2:7001', 3: '10.0.0.3:7001' },
 *   dataDir: './data/election',
 * });
 * await election.withLeadership(async (signal, leadership) => {
 *   while (leadership.isValid()) await work(leadership.token, signal);
 * });
 * ```
 *
 * @throws ElectionError ELECTION_OPTIONS_INVALID with the field, before anything was started
 * @throws NodeError NODE_LISTEN_FAILED, NODE_TLS_INVALID; HostError HOST_CLUSTER_UNREACHABLE,
 *   HOST_REQUEST_REFUSED when it cannot join; StorageError when the directory is in use or damaged
 */
export async function createElection(options: ElectionOptions): Promise<Election> {
  const parsed = parseElectionOptions(options);
  const logger = createLogger(options.log ?? defaultLog);
  const tls = options.tls === undefined ? null : await openTlsNetwork({ ...options.tls, logger });
  const network = tls === null ? (options.network ?? null) : () => tls;
  if (network === null) warnOfPlaintext(parsed, logger);
  let member: OpenedMember | null = null;
  try {
    const origin = await originOf(parsed, { network, logger });
    const machine = new ElectionMachine();
    member = await open(options, parsed, origin, machine, network);
    if (!origin.founds) await joinGroup(parsed, member);
    return new RunningElection({
      member,
      groupName,
      machine,
      prng: new Prng(drawnSeed()),
      logger,
      value: parsed.value,
      timing: parsed.timing,
      generation: parsed.generation,
      workEndsWithinMs: parsed.workEndsWithinMs,
      requestTimeoutMs: requestTimeoutMsOf(parsed.timing),
      closed: () => tls?.close(),
    });
  } catch (error) {
    await member?.close();
    tls?.close();
    throw error;
  }
}

function open(
  options: ElectionOptions,
  { id, dataDir, listen, timing }: ParsedElectionOptions,
  origin: ElectionOrigin,
  machine: ElectionMachine,
  network: ((logger: Logger) => Network) | null,
): Promise<OpenedMember> {
  const { log = defaultLog, onHalt } = options;
  const storage = dataDir === null ? memoryStorage({ timers, crypto: systemCrypto }) : undefined;
  return openMember({
    nodeId: id,
    clusterId: origin.clusterId,
    ...(origin.clusterName === null ? {} : { clusterName: origin.clusterName }),
    dataDirectory: dataDir,
    ...(storage === undefined ? {} : { storage }),
    listen,
    members: origin.members,
    groups: { [groupName]: machine },
    ...(origin.founds ? {} : { voters: { [groupName]: [] } }),
    admitsNodes: true,
    tuning: {
      ...timing,
      ...smallLog,
      requestTimeoutMs: requestTimeoutMsOf(timing),
      // A group that sleeps has no lease (rule 11).
      quiesceAfterMs: null,
    },
    log,
    ...(network === null ? {} : { network }),
    ...(onHalt === undefined ? {} : { onHalt }),
  });
}

/** Long enough for an election or two in between. */
function requestTimeoutMsOf({ electionTimeoutMs }: ElectionTiming): number {
  return Math.max(2000, 10 * electionTimeoutMs);
}

/** Unless this node is in the group already; the others know it. */
async function joinGroup(
  { join, timeoutMs }: ParsedElectionOptions,
  member: OpenedMember,
): Promise<void> {
  const { host, nodeId } = member;
  const { group, configuration } = member.group(groupName).status();
  const { voters, learners, votersOutgoing } = configuration;
  if ([...voters, ...learners, ...votersOutgoing].includes(nodeId)) return;
  await new Promise<void>((fulfil, reject) => {
    host.join(group, { contacts: join }, timeoutMs, (error) => {
      if (error === null) fulfil();
      else reject(error);
    });
  });
}

function drawnSeed(): number {
  return systemCrypto.randomBytes(6).reduce((seed, byte) => seed * 256 + byte, 0);
}

/** Who can reach the port could vote, and end every leadership. */
function warnOfPlaintext({ listen, founders, join }: ParsedElectionOptions, logger: Logger): void {
  const addresses = [listen, ...(founders?.values() ?? []), ...join];
  if (addresses.every(({ host }) => isLoopback(host))) return;
  logger.warn('peers are neither authenticated nor encrypted', {
    advice: 'give tls, or see that nobody else reaches the port',
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
