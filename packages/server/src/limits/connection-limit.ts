import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Beyond this part of the limit a host has to have less than its part to be let in. */
const tightPart = 3 / 4;
const hostPart = 1 / 4;

/** What the log, peers and files need beside clients is a quarter of what there is. */
const clientsPart = 3 / 4;
const mostConnections = 16_384;
const leastConnections = 16;
/** Where the system does not tell; Node.js has asked for all that it may have. */
const usualDescriptors = 4096;

/** @returns how many connections fit into what this process may open */
export function usualConnections(): number {
  const fitting = Math.floor(clientsPart * descriptorLimit());
  return Math.max(leastConnections, Math.min(fitting, mostConnections));
}

function descriptorLimit(): number {
  try {
    const found = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return Number(found?.[1] ?? usualDescriptors);
  } catch {
    return usualDescriptors;
  }
}

/**
 * How many connections clients may have, whatever they speak. The last quarter is for hosts that
 * have few: nobody takes all of them alone.
 */
export class ConnectionLimit {
  readonly most: number;
  /** Connections that were turned away. */
  refusals = 0;
  readonly #hosts = new Map<string, number>();
  #open = 0;

  constructor(most: number = usualConnections()) {
    this.most = most;
  }

  get open(): number {
    return this.#open;
  }

  /**
   * Counts the connection until it is closed.
   *
   * @returns why it has to go; null when it may stay
   */
  enter(socket: Socket): string | null {
    const host = socket.remoteAddress ?? 'unknown';
    const ofHost = this.#hosts.get(host) ?? 0;
    const refusal = this.#refusal(ofHost);
    if (refusal !== null) {
      this.refusals++;
      return refusal;
    }
    this.#open++;
    this.#hosts.set(host, ofHost + 1);
    socket.once('close', () => this.#left(host));
    return null;
  }

  /** In the Prometheus text format. */
  metricsText(): string {
    const name = 'quorate_clients_connections';
    return [
      `# HELP ${name} Connections of clients, of any protocol.\n# TYPE ${name} gauge\n`,
      `${name} ${this.#open}\n`,
      `# HELP ${name}_limit What --max-connections says.\n# TYPE ${name}_limit gauge\n`,
      `${name}_limit ${this.most}\n`,
      `# HELP ${name}_refused_total Those above it.\n# TYPE ${name}_refused_total counter\n`,
      `${name}_refused_total ${this.refusals}\n`,
    ].join('');
  }

  #refusal(ofHost: number): string | null {
    if (this.#open >= this.most) return `${this.most} connections are open, as many as may be`;
    if (this.#open < tightPart * this.most || ofHost < hostPart * this.most) return null;
    return `it has ${ofHost} of ${this.most} connections, and what is left is kept for others`;
  }

  #left(host: string): void {
    this.#open--;
    const left = (this.#hosts.get(host) ?? 0) - 1;
    if (left > 0) this.#hosts.set(host, left);
    else this.#hosts.delete(host);
  }
}
