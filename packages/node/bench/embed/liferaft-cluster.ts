import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BenchProcess } from './bench-process.ts';
import { type Contender, commandBytes, type Figures } from './contender.ts';
import { freeAddresses } from './free-addresses.ts';
import type { FromLiferaft, ToLiferaft } from './liferaft-member.ts';

const howToInstall =
  'set LIFERAFT to a directory that has it: mkdir liferaft && cd liferaft && npm init -y && ' +
  'npm install @markwylde/liferaft memdown';

class Member extends BenchProcess<ToLiferaft, FromLiferaft> {
  leads = false;

  constructor() {
    super(new URL('./liferaft-member.ts', import.meta.url));
    this.onMessage((message) => {
      if (message.kind === 'leads') this.leads = message.leads;
    });
  }
}

/** Three processes of liferaft, in memory: liferaft-member.ts says how they are set up. */
export class LiferaftCluster implements Contender {
  readonly name = 'liferaft (in memory)';
  readonly #members = [0, 1, 2].map(() => new Member());

  private constructor() {}

  /** @throws Error when LIFERAFT does not say where it is */
  static async open(): Promise<LiferaftCluster> {
    const directory = installedAt(process.env['LIFERAFT']);
    const cluster = new LiferaftCluster();
    const addresses = await freeAddresses(3);
    await Promise.all(
      cluster.#members.map((member, at) =>
        member.ask({ kind: 'open', plan: { directory, addresses, at } }, 'opened'),
      ),
    );
    while (cluster.#leader === undefined) await pause(200);
    // It takes nobody's word for it at once.
    await pause(1000);
    return cluster;
  }

  get #leader(): Member | undefined {
    return this.#members.find(({ leads }) => leads);
  }

  async load(callers: number, seconds: number): Promise<Figures> {
    const leader = this.#leader;
    if (leader === undefined) throw new Error('no process of liferaft leads any more');
    const load = { callers, seconds, commandBytes };
    const loaded = await leader.ask({ kind: 'load', load }, 'loaded');
    if (loaded.unanswered > 0) {
      console.log(`${this.name}, ${callers} callers: ${loaded.unanswered} were never committed`);
    }
    const latencies = Float64Array.from(loaded.latencies).sort();
    const at = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0;
    return {
      perSecond: latencies.length / loaded.seconds,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      diskBytes: null,
      wireBytes: null,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close({ kind: 'close' })));
  }
}

function installedAt(given: string | undefined): string {
  if (given === undefined) throw new Error(`LIFERAFT is not set: ${howToInstall}`);
  const directory = resolve(given);
  const { resolve: find } = createRequire(join(directory, 'package.json'));
  for (const name of ['@markwylde/liferaft', 'memdown']) {
    try {
      find(name);
    } catch {
      throw new Error(`${name} is not installed in ${directory}: ${howToInstall}`);
    }
  }
  return directory;
}
