import { resolve } from 'node:path';
import { type CliError, messageOf } from '../cli-error.ts';
import { makeDirectory } from '../make-directory.ts';
import { systemClock, systemTimers } from '../system-time.ts';
import { defaultBackOff } from './back-off.ts';
import { directoryUnusable } from './cluster-directory.ts';
import type { ClusterEvent } from './cluster-event.ts';
import { type ClusterRecord, writeClusterFile } from './cluster-file.ts';
import { launchNode } from './node-process.ts';
import {
  type ClusterService,
  type ClusterShape,
  type NodeFlags,
  type NodePlan,
  serveArguments,
  serveFlags,
  urlsOf,
} from './plan.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';
import { Supervisor } from './supervisor.ts';

export interface LocalClusterOptions {
  readonly directory: string;
  readonly shape: ClusterShape;
  readonly nodes: readonly NodePlan[];
  readonly token: string;
  /** Left out: the coordination service. */
  readonly service?: ClusterService;
  /** Every node has served once already. */
  readonly isFormed: boolean;
  /** Given to every node, over what its plan says. */
  readonly nodeFlags: NodeFlags;
  /** The executable and the arguments before `serve`. */
  readonly command: readonly [string, ...string[]];
  onEvent(event: ClusterEvent): void;
  onRefusal(error: CliError): void;
}

/** A supervisor whose nodes are real processes, and whose state is in `cluster.json`. */
export class LocalCluster {
  readonly #options: LocalClusterOptions;
  readonly #supervisor: Supervisor;
  readonly #processes = new Map<string, ProcessIdentity>();
  readonly #self = identify(process.pid);
  #isFormed: boolean;

  constructor(options: LocalClusterOptions) {
    this.#options = options;
    this.#isFormed = options.isFormed;
    const [executable, ...before] = options.command;
    const plans = new Map(options.nodes.map((node) => [node.name, node]));
    this.#supervisor = new Supervisor({
      nodes: options.nodes.map(({ name }) => name),
      launch: (name, handlers) => {
        const plan = plans.get(name);
        const flags = plan === undefined ? {} : this.flagsOf(plan);
        const logPath = plan?.logPath ?? '';
        const words = options.service?.words ?? [];
        const nodeArguments = [...before, ...words, ...serveArguments(flags)];
        return launchNode({ executable, arguments: nodeArguments, logPath }, handlers);
      },
      timers: systemTimers,
      clock: systemClock,
      backOff: defaultBackOff,
      stopTimeoutMs: 5000,
      onEvent: (event) => this.#record(event),
      onRefusal: options.onRefusal,
    });
  }

  /** @throws CliError CLI_DATA_DIRECTORY */
  start(): void {
    const { directory } = this.#options;
    try {
      makeDirectory(directory);
      this.#write();
    } catch (error) {
      throw directoryUnusable(directory, error);
    }
    this.#supervisor.start();
  }

  stop(): Promise<void> {
    return this.#supervisor.stop();
  }

  kill(): void {
    this.#supervisor.kill();
  }

  processIdOf(name: string): number {
    return this.#supervisor.processIdOf(name);
  }

  flagsOf(node: NodePlan): NodeFlags {
    const { nodes, token, nodeFlags, service } = this.#options;
    const state = this.#isFormed ? 'existing' : 'new';
    return { ...serveFlags(node, nodes, token, state, service?.settings), ...nodeFlags };
  }

  #record(event: ClusterEvent): void {
    if (event.event === 'nodeStarted') this.#processes.set(event.node, identify(event.processId));
    if (event.event === 'nodeExited' || event.event === 'nodeStopped') {
      this.#processes.delete(event.node);
    }
    if (event.event === 'clusterUp') this.#isFormed = true;
    try {
      this.#write();
    } catch (error) {
      this.#options.onEvent({ event: 'recordFailed', reason: messageOf(error) });
    }
    this.#options.onEvent(event);
  }

  #write(): void {
    const { directory, shape, nodes, token, service } = this.#options;
    const leader = this.#supervisor.leader;
    const record: ClusterRecord = {
      kind: 'quorate local cluster',
      version: 1,
      service: service?.kind ?? 'etcd',
      token,
      clientPort: shape.clientPort,
      peerPort: shape.peerPort,
      tls: shape.tls,
      formed: this.#isFormed,
      supervisor: this.#self,
      leader: leader && {
        name: leader.node,
        pid: this.processIdOf(leader.node),
        term: leader.term,
      },
      nodes: nodes.map((node) => ({
        name: node.name,
        process: this.#processes.get(node.name) ?? null,
        ...urlsOf(node),
        dataDirectory: resolve(node.dataDirectory),
        log: resolve(node.logPath),
      })),
    };
    writeClusterFile(directory, record);
  }
}
