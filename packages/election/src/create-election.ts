import { type Logger, type Network, Prng, type StateMachine } from '@quorate/base';
import { type HostTuning, memoryStorage } from '@quorate/host';
import {
  createLogger,
  type OpenedMember,
  openMember,
  openPskNetwork,
  openTlsNetwork,
  systemCrypto,
  timers,
} from '@quorate/node';
import type { ElectionClaimsOptions } from './claims/election-claims.ts';
import { type LocalWatermark, openLocalWatermark } from './claims/local-watermark.ts';
import { claimsGroupName, OpenClaims } from './claims/open-election-claims.ts';
import { checkClaimsGiven } from './claims/parse-claims-option.ts';
import { ClaimsMachine } from './core/claims/claims-machine.ts';
import { ElectionMachine } from './core/election-machine.ts';
import type { ElectionTiming } from './core/election-timing.ts';
import type { Election, ElectionWithClaims } from './election.ts';
import { electionGroupName as groupName } from './election-group.ts';
import type { ElectionOptions } from './election-options.ts';
import { type ElectionOrigin, originOf } from './election-origin.ts';
import { ElectionMembers } from './members/election-members.ts';
import { LeaveMark } from './members/leave-mark.ts';
import { type ParsedElectionOptions, parseElectionOptions } from './parse-election-options.ts';
import { refuse } from './refuse-option.ts';
import { RunningElection } from './running-election.ts';

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
 *   HOST_REQUEST_REFUSED when it cannot join; StorageError when the directory is in use or damaged;
 *   with option `claims` ElectionError CLAIM_WATERMARK_UNAVAILABLE, CLAIM_WATERMARK_CORRUPT
 */
export function createElection(
  options: ElectionOptions & { readonly claims: ElectionClaimsOptions },
): Promise<ElectionWithClaims>;
export function createElection(options: ElectionOptions): Promise<Election>;
export async function createElection(options: ElectionOptions): Promise<Election> {
  const parsed = parseElectionOptions(options);
  const logger = createLogger(options.log ?? defaultLog);
  const tls = options.tls === undefined ? null : await openTlsNetwork({ ...options.tls, logger });
  const { sharedKey: key } = parsed;
  const secure = key === null ? tls : openPskNetwork({ key, logger });
  const network = secure === null ? (options.network ?? null) : () => secure;
  if (network === null) warnOfPlaintext(parsed, logger);
  let member: OpenedMember | null = null;
  let local: LocalWatermark | null = null;
  try {
    const mark = new LeaveMark(parsed.dataDir);
    checkMayOpen(parsed, mark);
    const origin = await originOf(parsed, { network, logger });
    const machine = new ElectionMachine();
    const claimsMachine = new ClaimsMachine();
    const { watermarkDir: directory } = parsed;
    if (directory !== null) local = await openLocalWatermark({ directory });
    const groups = {
      [groupName]: machine,
      ...(local === null ? {} : { [claimsGroupName]: claimsMachine }),
    };
    member = await open(options, parsed, origin, groups, network);
    if (!origin.founds) {
      for (const name of Object.keys(groups)) await joinGroup(parsed, member, mark, name);
      if (parsed.join.length > 0) mark.clear();
    }
    const times = {
      electionTimeoutMs: parsed.timing.electionTimeoutMs,
      requestTimeoutMs: requestTimeoutMsOf(parsed.timing),
    };
    const ofClaims = { member, machine: claimsMachine, logger };
    const prng = new Prng(drawnSeed());
    const members = new ElectionMembers({
      member,
      groupNames: Object.keys(groups),
      prng: prng.fork(),
      logger,
      timing: parsed.timing,
      rule: parsed.rule,
      rejoins: parsed.rejoins || parsed.join.length > 0,
      mark,
      timeoutMs: parsed.timeoutMs,
    });
    return new RunningElection({
      members,
      claims: local === null ? null : new OpenClaims({ ...ofClaims, ...times, local }),
      member,
      groupName,
      machine,
      prng,
      logger,
      value: parsed.value,
      timing: parsed.timing,
      generation: parsed.generation,
      workEndsWithinMs: parsed.workEndsWithinMs,
      requestTimeoutMs: requestTimeoutMsOf(parsed.timing),
      closed: () => tls?.close(),
      onHalt: options.onHalt ?? (() => process.exit(1)),
    });
  } catch (error) {
    await member?.close();
    await local?.close();
    tls?.close();
    checkClaimsGiven(error, parsed.watermarkDir);
    throw error;
  }
}

function open(
  options: ElectionOptions,
  { id, dataDir, listen, timing, maxObservers }: ParsedElectionOptions,
  origin: ElectionOrigin,
  groups: Readonly<Record<string, StateMachine<unknown>>>,
  network: ((logger: Logger) => Network) | null,
): Promise<OpenedMember> {
  const { log = defaultLog, onHalt } = options;
  const nobody = Object.fromEntries(Object.keys(groups).map((name) => [name, []]));
  const storage = dataDir === null ? memoryStorage({ timers, crypto: systemCrypto }) : undefined;
  return openMember({
    nodeId: id,
    clusterId: origin.clusterId,
    ...(origin.clusterName === null ? {} : { clusterName: origin.clusterName }),
    dataDirectory: dataDir,
    ...(storage === undefined ? {} : { storage }),
    listen,
    members: origin.members,
    groups,
    ...(origin.founds ? {} : { voters: nobody }),
    admitsNodes: true,
    tuning: {
      ...timing,
      ...smallLog,
      requestTimeoutMs: requestTimeoutMsOf(timing),
      maxFollowers: maxObservers,
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

/** One that has left of its own will comes back only when it is told to. */
function checkMayOpen({ id, dataDir, join }: ParsedElectionOptions, mark: LeaveMark): void {
  if (mark.state !== 'left' || join.length > 0) return;
  const problem = `is missing, and node ${id} of ${dataDir} has left the election`;
  refuse('join', problem, 'give any members instead of peers to have it taken in again');
}

/** Unless this node is in the group already; the others know it. */
async function joinGroup(
  { join, timeoutMs }: ParsedElectionOptions,
  member: OpenedMember,
  mark: LeaveMark,
  name: string,
): Promise<void> {
  const { host, nodeId } = member;
  const { group, configuration, lastIndex } = member.group(name).status();
  const { voters, learners, votersOutgoing } = configuration;
  const isNamed = [...voters, ...learners, ...votersOutgoing].includes(nodeId);
  const isTold = join.length > 0;
  // One that has left may not have been told of the end of it.
  if (isNamed ? !isTold || mark.state === null : !isTold && lastIndex > 0) return;
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
    advice: 'give tls or sharedKey, or see that nobody else reaches the port',
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
