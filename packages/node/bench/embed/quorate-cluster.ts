import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BenchProcess } from './bench-process.ts';
import { type Contender, commandBytes, type Figures } from './contender.ts';
import { freeAddresses } from './free-addresses.ts';
import type { Counts, FromMember, ToMember } from './member.ts';

class Member extends BenchProcess<ToMember, FromMember> {
  leads = 0;

  constructor() {
    super(new URL('./member.ts', import.meta.url));
    this.onMessage((message) => {
      if (message.kind === 'leads') this.leads = message.groups;
    });
  }
}

/** Three processes, with as many groups each as asked for. */
export class QuorateCluster implements Contender {
  readonly name = 'quorate';
  readonly #groups: number;
  readonly #members = [1, 2, 3].map(() => new Member());

  private constructor(groups: number) {
    this.#groups = groups;
  }

  static async open(directory: string, groups: number): Promise<QuorateCluster> {
    const cluster = new QuorateCluster(groups);
    await cluster.#open(directory);
    return cluster;
  }

  async #open(directory: string): Promise<void> {
    const members = this.#members;
    const addresses = await freeAddresses(members.length);
    const peers = Object.fromEntries(addresses.map((address, at) => [at + 1, address]));
    await Promise.all(
      members.map((member, at) => {
        const dataDir = join(directory, `${at + 1}`);
        const plan = { id: at + 1, peers, dataDir, groups: this.#groups };
        return member.ask({ kind: 'open', plan }, 'opened');
      }),
    );
    await this.#allLed();
  }

  /** For a while: what a process says of itself is a moment old, and elections may go on. */
  async #allLed(): Promise<void> {
    for (let seen = 0; seen < 5; ) {
      await pause(200);
      const led = this.#members.reduce((sum, { leads }) => sum + leads, 0);
      seen = led === this.#groups ? seen + 1 : 0;
    }
  }

  async load(callers: number, seconds: number): Promise<Figures> {
    await this.#allLed();
    // Callers are where leaders are, in proportion.
    const leading = this.#members.filter(({ leads }) => leads > 0);
    const before = await this.#counted();
    const loaded = await Promise.all(
      leading.map((member) => {
        const share = Math.max(1, Math.round((callers * member.leads) / this.#groups));
        const load = { callers: share, seconds, commandBytes };
        return member.ask({ kind: 'load', load }, 'loaded');
      }),
    );
    const after = await this.#counted();
    const latencies = Float64Array.from(loaded.flatMap((one) => one.latencies)).sort();
    const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0;
    return {
      perSecond: loaded.reduce((total, one) => total + one.latencies.length / one.seconds, 0),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      diskBytes: (after.diskBytes - before.diskBytes) / latencies.length,
      wireBytes: (after.wireBytes - before.wireBytes) / latencies.length,
    };
  }

  async #counted(): Promise<Counts> {
    const counts = await Promise.all(
      this.#members.map((one) => one.ask({ kind: 'count' }, 'counted')),
    );
    const sum = (of: (count: Counts) => number): number =>
      counts.reduce((total, count) => total + of(count), 0);
    return { diskBytes: sum((one) => one.diskBytes), wireBytes: sum((one) => one.wireBytes) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close({ kind: 'close' })));
  }
}
