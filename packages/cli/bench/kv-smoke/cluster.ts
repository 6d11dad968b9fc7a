import { join } from 'node:path';
import { connect } from '@quorate/client';
import { readClusterFile } from '../../src/supervisor/cluster-file.ts';
import { freePorts, programPath } from '../../test/run-program.ts';
import type { Children, RunningProgram } from './children.ts';

/** Three members on this machine, each a process with a directory of its own. */
export interface Cluster {
  /** `host:port` of each member. */
  readonly endpoints: readonly string[];
  /** Of the members. */
  readonly processIds: readonly number[];
  stop(): Promise<void>;
}

/** @param directory empty, or not there yet */
export type StartCluster = (directory: string) => Promise<Cluster>;

const readyLimitMs = 30_000;
const retryMs = 100;

/** Our own, by our own command and with its defaults. */
export function quorateCluster(children: Children): StartCluster {
  return async (directory) => {
    const port = await freePorts([0, 1, 100, 101, 200, 201]);
    const flags = ['--nodes', '3', '--data-dir', directory, '--client-port', `${port}`, '--json'];
    const running = children.start([process.execPath, programPath, 'up', ...flags]);
    await running.wrote(/"event":"clusterUp"/);
    const endpoints = [port, port + 100, port + 200].map((each) => `127.0.0.1:${each}`);
    const nodes = readClusterFile(directory)?.nodes ?? [];
    const processIds = nodes.flatMap((node) => node.process?.pid ?? []);
    return whenReady(endpoints, processIds, children, [running]);
  };
}

/** etcd's, with its defaults. */
export function etcdCluster(children: Children, program: string): StartCluster {
  return async (directory) => {
    const ports: number[] = [];
    while (ports.length < 6) {
      const port = await freePorts([0]);
      if (!ports.includes(port)) ports.push(port);
    }
    const urls = ports.map((port) => `http://127.0.0.1:${port}`);
    const members = [0, 1, 2].map((index) => {
      return { name: `e${index}`, client: urls[index] ?? '', peer: urls[index + 3] ?? '' };
    });
    const initial = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    const running = members.map(({ name, client, peer }) =>
      children.start([
        program,
        `--name=${name}`,
        `--data-dir=${join(directory, name)}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=${initial}`,
        '--initial-cluster-state=new',
        '--log-level=error',
      ]),
    );
    const endpoints = ports.slice(0, 3).map((port) => `127.0.0.1:${port}`);
    const processIds = running.flatMap(({ child }) => child.pid ?? []);
    return whenReady(endpoints, processIds, children, running);
  };
}

/** Returns when a put through every member has succeeded. */
async function whenReady(
  endpoints: readonly string[],
  processIds: readonly number[],
  children: Children,
  running: readonly RunningProgram[],
): Promise<Cluster> {
  const ended = Promise.race(
    running.map(async (program) => {
      const code = await program.ended;
      throw new Error(`a server has ended (exit ${code}):\n${program.output}`);
    }),
  );
  const ready = Promise.all(endpoints.map((endpoint) => putOnce(endpoint)));
  await Promise.race([ready, ended]);
  // From now on an end shows in the load's errors.
  ended.catch(() => undefined);
  return {
    endpoints,
    processIds,
    stop: async () => {
      await Promise.all(running.map(({ child }) => children.stop(child)));
    },
  };
}

async function putOnce(endpoint: string): Promise<void> {
  const deadlineMs = performance.now() + readyLimitMs;
  await using client = connect({ endpoints: [endpoint], timeoutMs: 2000 });
  for (;;) {
    try {
      await client.put(new TextEncoder().encode('ready'), new Uint8Array(0));
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
