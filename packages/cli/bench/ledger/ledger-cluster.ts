import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processorMicros, residentBytes } from '../kv/process-figures.ts';

const program = fileURLToPath(new URL('./ledger-member.ts', import.meta.url));
const memberCount = 3;

interface Member {
  readonly process: ChildProcess;
  readonly settings: object;
  readonly endpoint: string;
}

/** What all members together have used so far. */
export interface Used {
  readonly processorMicros: number;
  readonly residentBytes: number;
  /** By the log, without the zeros written ahead. */
  readonly walBytes: number;
  /** Between members. */
  readonly wireBytes: number;
  /** What the system has counted as written by them. */
  readonly writtenBytes: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Three processes on this machine, each with a disk that is synced. */
export class LedgerCluster implements AsyncDisposable {
  readonly #members: Member[];

  private constructor(members: Member[]) {
    this.#members = members;
  }

  static async start(directory: string): Promise<LedgerCluster> {
    const members: { name: string; port: number }[] = [];
    for (let at = 1; at <= memberCount; at++)
      members.push({ name: `n${at}`, port: await freePort() });
    const started: Member[] = [];
    for (const { name } of members) {
      const client = await freePort();
      const own = join(directory, name);
      mkdirSync(own, { recursive: true });
      const settings = { name, directory: own, members, client };
      started.push({ process: run(settings), settings, endpoint: `127.0.0.1:${client}` });
    }
    await Promise.all(started.map(({ process: child }) => once(child, 'message')));
    return new LedgerCluster(started);
  }

  get endpoints(): readonly string[] {
    return this.#members.map(({ endpoint }) => endpoint);
  }

  async used(): Promise<Used> {
    const ids = this.#members.map(({ process: child }) => child.pid ?? 0);
    const pages = await Promise.all(
      this.endpoints.map(async (endpoint) => (await fetch(`http://${endpoint}/metrics`)).text()),
    );
    return {
      processorMicros: processorMicros(ids) ?? 0,
      residentBytes: residentBytes(ids) ?? 0,
      walBytes: sum(pages, 'quorate_wal_written_bytes_total'),
      wireBytes: sum(pages, 'quorate_transport_sent_bytes_total'),
      writtenBytes: ids.reduce((bytes, id) => bytes + writtenBytes(id), 0),
    };
  }

  /** Stops a member in order, starts it again, and waits until it answers: in milliseconds. */
  async restart(at: number): Promise<number> {
    const member = this.#members[at];
    if (member === undefined) throw new RangeError('there is no such member');
    await stop(member.process);
    const startedMs = performance.now();
    const child = run(member.settings);
    this.#members[at] = { ...member, process: child };
    await once(child, 'message');
    while (!(await isReady(member.endpoint))) await new Promise((wake) => setTimeout(wake, 20));
    return performance.now() - startedMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(({ process: child }) => stop(child)));
  }
}

function run(settings: object): ChildProcess {
  return fork(program, [JSON.stringify(settings)]);
}

async function isReady(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(`http://${endpoint}/readyz`)).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.send('close');
  const limit = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await ended;
  clearTimeout(limit);
}

function sum(pages: readonly string[], metric: string): number {
  const values = new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)$`, 'gm');
  return pages.reduce((total, page) => {
    for (const [, value] of page.matchAll(values)) total += Number(value);
    return total;
  }, 0);
}

function writtenBytes(processId: number): number {
  try {
    const text = readFileSync(`/proc/${processId}/io`, 'utf8');
    return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1]);
  } catch {
    return 0;
  }
}
