import { type Address, formatAddress, type Logger, type Network } from '@quorate/base';
import {
  describeCluster,
  type FedGroup,
  openReplica as openFed,
  type Replica,
} from '@quorate/host';
import type { AnswerOf, QueryOf } from '@quorate/runtime';
import { checksum } from '../computation.ts';
import { groupIdOf } from '../ids.ts';
import type { LogOptions } from '../member.ts';
import { checkLog } from '../member-options.ts';
import { NodeError } from '../node-error.ts';
import { createLogger } from '../observe/logger.ts';
import { processMetricsText, startProcessMetrics } from '../observe/process-metrics.ts';
import { defaultLog } from '../open-member.ts';
import { createDisklessPorts, type DisklessPorts } from '../real-ports.ts';
import { addressOf } from './addresses.ts';
import { checkReadOptions } from './call-options.ts';
import { type MachineOf, type PreparedMachine, prepareMachine } from './machine-forms.ts';
import type { AddressLike, GroupSources, ReadOptions } from './node.ts';
import { checkSources } from './node-options.ts';
import { maxStalenessOf, readAt } from './reading.ts';
import { checkNames, refuseOption } from './refuse-option.ts';

/**
 * A replica keeps nothing on a disk, so it needs no id and no directory; which cluster it copies it
 * learns from `upstream`. Each group finds its own way among those, whoever feeds the others.
 */
export interface ReplicaOptions<Groups extends GroupSources = GroupSources> {
  /**
   * Members or other replicas, in the order of preference; the next one when one fails, or has
   * confirmed no read for 8 s. Of many replicas, have few fed by members, and the others by those.
   */
  readonly upstream: readonly AddressLike[];
  /** As the members have them, or some of them. */
  readonly groups: Groups;
  /** Where further replicas may be fed from. Left out: nowhere. */
  readonly listen?: AddressLike;
  /** Left out: TCP. */
  readonly network?: (logger: Logger) => Network;
  readonly log?: LogOptions;
  /** The first contact, and each read, are tried again until then. Default 10,000. */
  readonly timeoutMs?: number;
  /** Called when a state machine threw. Default: the process exits with code 1. */
  readonly onHalt?: (error: Error) => void;
}

const known = [
  'upstream',
  'groups',
  'listen',
  'network',
  'log',
  'timeoutMs',
  'onHalt',
] satisfies (keyof ReplicaOptions)[];

/** `lease` is the members' alone. */
export type ReplicaReadOptions = Omit<ReadOptions, 'consistency'> & {
  readonly consistency?: 'linearizable' | 'bounded' | 'local';
};

/**
 * One group's copy here. `appliedIndex` is how far it has come in the group's log; 0 before the
 * first snapshot or entry.
 */
export interface ReplicaGroup<Machine> {
  /** As `Group.read`; `linearizable` asks upstream, which asks the leader, shared by all reads. */
  read<Answer>(view: (machine: Machine) => Answer, options?: ReplicaReadOptions): Promise<Answer>;
  read(query: QueryOf<Machine>, options?: ReplicaReadOptions): Promise<AnswerOf<Machine>>;
  readonly appliedIndex: number;
  /** 'host:port' of who feeds it at the moment. */
  readonly upstream: string;
}

/** A copy of groups' state for reading; no member of anything, and nothing on a disk. */
export interface ReadReplica<Groups extends GroupSources = GroupSources> extends AsyncDisposable {
  /** Where further replicas may be fed from; null: nowhere. */
  readonly address: Address | null;
  group<Name extends keyof Groups & string>(name: Name): ReplicaGroup<MachineOf<Groups[Name]>>;
  /** Prometheus text format, version 0.0.4. */
  metricsText(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens a read replica: fed by a member or by another replica, so that any number of them costs the
 * leader nothing but the reads' shared questions. Open once upstream has told which cluster it is
 * of; what it reads then waits until it is as recent as asked for.
 *
 * @throws NodeError NODE_OPTIONS_INVALID; HostError HOST_CLUSTER_UNREACHABLE; TransportError
 */
export async function openReplica<const Groups extends GroupSources>(
  options: ReplicaOptions<Groups>,
): Promise<ReadReplica<Groups>> {
  checkNames(options, known, 'ReplicaOptions');
  checkSources(options.groups);
  checkLog(options.log);
  const upstream = (options.upstream ?? []).map((one, at) => addressOf(`upstream[${at}]`, one, 1));
  if (upstream.length === 0) {
    const fix = 'name at least one member or replica';
    const message = `option upstream is empty: ${fix}`;
    throw new NodeError('NODE_OPTIONS_INVALID', message, { field: 'upstream', fix });
  }
  const listen = options.listen === undefined ? null : addressOf('listen', options.listen, 0);
  const logger = createLogger(options.log ?? defaultLog);
  startProcessMetrics();
  const ports = createDisklessPorts(logger, options.network);
  const { timeoutMs = 10_000 } = options;
  const machines = new Map<string, PreparedMachine>();
  for (const [name, source] of Object.entries(options.groups)) {
    const { clock } = ports;
    const prepared = { clock, checksum, checked: false, name, logger };
    machines.set(name, prepareMachine(source, prepared));
  }
  const clusterId = await new Promise<string>((fulfil, reject) => {
    describeCluster(ports, upstream, timeoutMs, (error, description) => {
      if (description === null) reject(error);
      else fulfil(description.clusterId);
    });
  });
  const groups = [...machines].map(([name, { replicated }]) => {
    return { id: groupIdOf(name), name, stateMachine: replicated };
  });
  const onHalt = options.onHalt ?? (() => process.exit(1));
  const fed = await new Promise<Replica>((fulfil, reject) => {
    openFed({ ports, clusterId, upstream, groups, listen, onHalt }, (error, replica) => {
      if (replica === null) reject(error);
      else fulfil(replica);
    });
  });
  return new RunningReplica<Groups>(fed, machines, timeoutMs, ports);
}

class RunningReplica<Groups extends GroupSources> implements ReadReplica<Groups> {
  readonly #fed: Replica;
  readonly #machines: ReadonlyMap<string, PreparedMachine>;
  readonly #timeoutMs: number;
  readonly #ports: DisklessPorts;

  constructor(
    fed: Replica,
    machines: ReadonlyMap<string, PreparedMachine>,
    timeoutMs: number,
    ports: DisklessPorts,
  ) {
    this.#fed = fed;
    this.#machines = machines;
    this.#timeoutMs = timeoutMs;
    this.#ports = ports;
  }

  get address(): Address | null {
    return this.#fed.address;
  }

  group<Name extends keyof Groups & string>(name: Name): ReplicaGroup<MachineOf<Groups[Name]>> {
    const machine = this.#machines.get(name);
    if (machine === undefined) {
      const known = [...this.#machines.keys()].join(', ');
      const message = `there is no group ${JSON.stringify(name)}: opened were ${known}`;
      throw new NodeError('NODE_GROUP_UNKNOWN', message, { group: name });
    }
    const group = new FedReads(this.#fed.group(groupIdOf(name)), machine, this.#timeoutMs);
    // Its machine is the one that was given under this name, whose types these are.
    return group as unknown as ReplicaGroup<MachineOf<Groups[Name]>>;
  }

  async metricsText(): Promise<string> {
    const { metrics } = this.#ports;
    const appliedIndex = metrics.gauge({
      name: 'quorate_replica_applied_index',
      help: 'Index of the last entry that this read replica has applied',
      labels: ['group'],
    });
    for (const group of this.#machines.keys()) {
      appliedIndex.set(this.#fed.group(groupIdOf(group)).appliedIndex, { group });
    }
    const texts = await Promise.all([metrics.text(), processMetricsText()]);
    return texts.join('\n');
  }

  async close(): Promise<void> {
    this.#fed.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

class FedReads {
  readonly #group: FedGroup;
  readonly #machine: PreparedMachine;
  readonly #timeoutMs: number;

  constructor(group: FedGroup, machine: PreparedMachine, timeoutMs: number) {
    this.#group = group;
    this.#machine = machine;
    this.#timeoutMs = timeoutMs;
  }

  get appliedIndex(): number {
    return this.#group.appliedIndex;
  }

  get upstream(): string {
    return formatAddress(this.#group.upstream);
  }

  async read(what: unknown, options: ReplicaReadOptions = {}): Promise<unknown> {
    checkReadOptions(options);
    if (Object.is(Reflect.get(options, 'consistency'), 'lease')) {
      refuseOption('consistency', "is 'lease'", 'only members have a lease: leave it out');
    }
    const { minIndex = 0, signal } = options;
    signal?.throwIfAborted();
    const maxStalenessMs = maxStalenessOf(options);
    return readAt(this.#machine, what, signal, (passed) =>
      this.#group.readBarrier(maxStalenessMs, minIndex, this.#timeoutMs, passed),
    );
  }
}
