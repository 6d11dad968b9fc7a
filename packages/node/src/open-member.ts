import { resolve } from 'node:path';
import type { Logger } from '@quorate/base';
import { assert, present } from '@quorate/base';
import type { Host, HostOptions } from '@quorate/host';
import { openHost } from '@quorate/host';
import type { GroupHandle } from '@quorate/runtime';
import { groupIdOf } from './ids.ts';
import type { LogOptions, MemberGroup, MemberOptions, OpenedMember } from './member.ts';
import { checkMemberOptions } from './member-options.ts';
import { NodeError } from './node-error.ts';
import { createLogger } from './observe/logger.ts';
import { processMetricsText, startProcessMetrics } from './observe/process-metrics.ts';
import type { RealPorts } from './real-ports.ts';
import { createRealPorts } from './real-ports.ts';

export const defaultLog: LogOptions = { level: 'info', format: 'logfmt' };

function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function nodeGroup<Result>(handle: GroupHandle<Result>): MemberGroup<Result> {
  return {
    propose: (command) =>
      new Promise((fulfil, reject) => {
        handle.propose(command, (error, applied) => {
          if (error !== null) reject(error);
          else fulfil(present(applied, 'a proposal without error has a result'));
        });
      }),
    read: (query) =>
      new Promise((fulfil, reject) => {
        handle.readBarrier((error) => {
          if (error !== null) {
            reject(error);
            return;
          }
          try {
            const answer = query();
            assert(!isThenable(answer), 'a query is synchronous: it returns no promise');
            fulfil(answer);
          } catch (thrown) {
            reject(thrown);
          }
        });
      }),
    status: () => handle.status(),
    onLeadership: (listener) => handle.onLeadership(listener),
    transferLeadership: (to) =>
      new Promise((fulfil, reject) => {
        handle.transferLeadership(to, (error) => {
          if (error === null) fulfil();
          else reject(error);
        });
      }),
  };
}

class OpenMember implements OpenedMember {
  readonly host: Host;
  readonly #ports: RealPorts;
  readonly #groups: ReadonlyMap<string, MemberGroup<unknown>>;
  #closed: Promise<void> | null = null;

  constructor(host: Host, ports: RealPorts, groupNames: readonly string[]) {
    this.host = host;
    this.#ports = ports;
    const named = groupNames.map(
      (name) => [name, nodeGroup(host.group<unknown>(groupIdOf(name)))] as const,
    );
    this.#groups = new Map(named);
  }

  get nodeId(): OpenedMember['nodeId'] {
    return this.host.nodeId;
  }

  get address(): OpenedMember['address'] {
    return this.host.address;
  }

  get clock(): OpenedMember['clock'] {
    return this.#ports.clock;
  }

  get writable(): boolean {
    return this.host.writable;
  }

  group<Result>(name: string): MemberGroup<Result> {
    const group = this.#groups.get(name);
    if (group !== undefined) return group as MemberGroup<Result>;
    const known = [...this.#groups.keys()].join(', ');
    const message = `there is no group ${JSON.stringify(name)}: this node was opened with ${known}`;
    throw new NodeError('NODE_GROUP_UNKNOWN', message, { group: name });
  }

  async metricsText(): Promise<string> {
    const [own, ofProcess] = await Promise.all([this.#ports.metrics.text(), processMetricsText()]);
    return own === '\n' ? ofProcess : `${own}\n${ofProcess}`;
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    await new Promise<void>((fulfil) => this.host.close(fulfil));
    await this.#ports.fileSystem.dispose();
  }
}

function exitOnHalt(logger: Logger): (error: Error) => void {
  return (error) => {
    const { code } = error as { readonly code?: string };
    logger.error('node halted', { reason: error.message, code: code ?? error.name });
    process.exit(1);
  };
}

function hostOptions(options: MemberOptions, ports: RealPorts): HostOptions {
  const groups = Object.entries(options.groups).map(([name, stateMachine]) => {
    const voters = options.voters?.[name];
    const service = options.services?.[name];
    return {
      id: groupIdOf(name),
      name,
      stateMachine,
      ...(voters === undefined ? {} : { voters }),
      ...(service === undefined ? {} : { service }),
    };
  });
  return {
    ports,
    nodeId: options.nodeId,
    clusterId: options.clusterId,
    ...(options.clusterName === undefined ? {} : { clusterName: options.clusterName }),
    // Absolute, so that errors name files by a path that means something anywhere.
    dataDirectory: options.dataDirectory === null ? null : resolve(options.dataDirectory),
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    listen: options.listen,
    members: new Map(options.members),
    groups,
    ...(options.contacts === undefined ? {} : { contacts: options.contacts }),
    admitsNodes: options.admitsNodes === true,
    tuning: { ...options.tuning },
    ...(options.observer === undefined ? {} : { observer: options.observer }),
    ...(options.protocolVersions === undefined
      ? {}
      : { protocolVersions: options.protocolVersions }),
    ...(options.storageThrough === undefined ? {} : { storageThrough: options.storageThrough }),
    onHalt: options.onHalt ?? exitOnHalt(ports.logger),
  };
}

/**
 * Opens one node of a cluster on this machine: its disk, its sockets, its clock. When the promise
 * is fulfilled the node has recovered its log and listens; it may not know a leader yet.
 *
 * `await using node = await openMember(options)` closes it at the end of the block.
 *
 * @throws NodeError NODE_OPTIONS_INVALID, NODE_LISTEN_FAILED
 * @throws FileSystemError `locked` when a running node uses the data directory
 * @throws StorageError when the log is damaged; see docs/reference/errors.md
 */
export async function openMember(options: MemberOptions): Promise<OpenedMember> {
  checkMemberOptions(options);
  const logger = createLogger(options.log ?? defaultLog);
  startProcessMetrics();
  const ports = createRealPorts(process.cwd(), logger, options.network);
  try {
    const host = await new Promise<Host>((fulfil, reject) => {
      openHost(hostOptions(options, ports), (error, opened) => {
        if (error !== null) reject(error);
        else fulfil(present(opened, 'a host that opened without error is there'));
      });
    });
    return new OpenMember(host, ports, Object.keys(options.groups));
  } catch (error) {
    await ports.fileSystem.dispose();
    throw error;
  }
}
