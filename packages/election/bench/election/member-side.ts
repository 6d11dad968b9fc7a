import { performance } from 'node:perf_hooks';
import type { Asked, MemberPlan, Told, Usage } from './member-plan.ts';

/** How a member stands, whatever it is made of. */
export interface MemberPorts {
  /** Whether it takes itself for the leader now. */
  leads(): boolean;
  /** Undefined: it cannot, and is not asked. */
  resign?(): Promise<void>;
  close(): Promise<void>;
  sent?(): Pick<Usage, 'sentBytes' | 'writes'>;
}

/** No schedule of the system lets a process stand still for as long by itself, most often. */
const stoppedForMs = 150;
const actEveryMs = 5;
const spinLimitMs = 5_000;

export function planOfThisProcess(): MemberPlan {
  return JSON.parse(process.argv[2] ?? '') as MemberPlan;
}

/** Speaks with the bench that has started this process. */
export class MemberSide {
  readonly #id: number;
  #ports: MemberPorts | null = null;
  #acting: NodeJS.Timeout | null = null;
  #acts = 0;

  constructor(id: number) {
    this.#id = id;
    process.on('message', (asked: Asked) => void this.#asked(asked));
    // The bench has ended, however it did.
    process.once('disconnect', () => process.exit(0));
  }

  open(ports: MemberPorts): void {
    this.#ports = ports;
    this.tell('open');
  }

  tell(what: Told['what'], rest: Partial<Told> = {}): void {
    const told: Told = {
      id: this.#id,
      what,
      atNs: process.hrtime.bigint(),
      token: 0n,
      leads: false,
      acts: this.#acts,
      text: '',
      usage: null,
      ...rest,
    };
    // A bench that has gone is no error.
    if (process.connected) process.send?.(told, undefined, {}, () => undefined);
  }

  async #asked(asked: Asked): Promise<void> {
    const ports = this.#ports;
    if (ports === null) return;
    if (asked === 'usage') this.tell('usage', { usage: usageOf(ports) });
    if (asked === 'stop') this.#stop(ports);
    if (asked === 'resign') {
      this.tell('gives up');
      await ports.resign?.();
    }
    if (asked === 'close') {
      this.tell('gives up');
      await ports.close();
      process.exit(0);
    }
  }

  /** Between a look at the leadership and the act: the worst moment to stand still. */
  #stop(ports: MemberPorts): void {
    this.tell('stops', { leads: ports.leads() });
    const beganMs = performance.now();
    let lastMs = beganMs;
    process.kill(process.pid, 'SIGSTOP');
    // The signal may come a moment later than the call returns.
    for (;;) {
      const nowMs = performance.now();
      if (nowMs - lastMs > stoppedForMs || nowMs - beganMs > spinLimitMs) break;
      lastMs = nowMs;
    }
    this.#acts = ports.leads() ? 1 : 0;
    this.tell('woken', { leads: ports.leads() });
    if (this.#acting !== null) return;
    this.#acting = setInterval(() => {
      if (ports.leads()) this.#acts += 1;
    }, actEveryMs);
  }
}

function usageOf(ports: MemberPorts): Usage {
  const { user, system } = process.cpuUsage();
  const sent = ports.sent?.() ?? { sentBytes: 0, writes: 0 };
  return { cpuMicros: user + system, residentBytes: process.memoryUsage.rss(), ...sent };
}
