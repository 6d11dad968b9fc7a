import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Contender, commandBytes, type Figures } from './contender.ts';
import { freeAddresses } from './free-addresses.ts';

/** Where Debian puts the sources of Go libraries. */
const debianSources = '/usr/share/gocode';

type Process = ChildProcessByStdio<Writable, Readable, null>;

interface Said {
  readonly leads?: boolean;
  readonly perSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Three processes of hashicorp/raft: hashicorp/main.go beside this file says how it is set up. */
export class HashicorpCluster implements Contender {
  readonly name = 'hashicorp';
  readonly #processes: readonly Process[];
  #leader: Process | null = null;
  #said = Promise.withResolvers<Said>();

  private constructor(processes: readonly Process[]) {
    this.#processes = processes;
    for (const one of processes) {
      createInterface({ input: one.stdout }).on('line', (line) => this.#heard(one, line));
    }
  }

  /**
   * Builds the program first, which takes a moment.
   *
   * @throws Error when Go or the library's sources are missing
   */
  static async open(directory: string): Promise<HashicorpCluster> {
    const program = join(directory, 'hashicorp-raft');
    const source = fileURLToPath(new URL('./hashicorp/main.go', import.meta.url));
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: debianSources };
    execFileSync('go', ['build', '-o', program, source], { env, stdio: 'inherit' });
    const addresses = await freeAddresses(3);
    const processes = addresses.map((_, at) => {
      const data = join(directory, `${at}`);
      mkdirSync(data);
      const flags = ['-at', `${at}`, '-addresses', addresses.join(), '-directory', data];
      return spawn(program, flags, { stdio: ['pipe', 'pipe', 'inherit'] });
    });
    const cluster = new HashicorpCluster(processes);
    while (cluster.#leader === null) await cluster.#next();
    return cluster;
  }

  #heard(from: Process, line: string): void {
    const said = JSON.parse(line) as Said;
    if (said.leads !== undefined) this.#leader = said.leads ? from : null;
    this.#said.resolve(said);
  }

  async #next(): Promise<Said> {
    const said = await this.#said.promise;
    this.#said = Promise.withResolvers();
    return said;
  }

  async load(callers: number, seconds: number): Promise<Figures> {
    this.#leader?.stdin.write(`load ${callers} ${seconds} ${commandBytes}\n`);
    for (;;) {
      const { perSecond, p50Ms = 0, p99Ms = 0 } = await this.#next();
      if (perSecond === undefined) continue;
      return { perSecond, p50Ms, p99Ms, diskBytes: null, wireBytes: null };
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#processes.map((one) => {
        const closed = once(one, 'exit');
        one.stdin.end('close\n');
        return closed;
      }),
    );
  }
}
