import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Load } from './member.ts';

/*
 * One node of liferaft, in memory (`memdown`). It brings no transport: this one keeps a connection
 * to each node, with a packet of JSON on a line. It has no answer to a command either, so a caller
 * is answered when the leader says `commit`, which it does with the command that was saved.
 *
 * Commands go one after the other here, each once the one before is committed, for more at a time
 * are lost: `command` reads the index of the last entry and writes the next one with a wait
 * between, so that two take the same index; and a follower that is still saving an entry refuses
 * the next, and ends with an unhandled rejection. LIFERAFT_AT_ONCE=1 shows it.
 */
export interface LiferaftPlan {
  /** Where it was installed. */
  readonly directory: string;
  /** HOST:PORT of all nodes. */
  readonly addresses: readonly string[];
  readonly at: number;
}

export type ToLiferaft =
  | { readonly kind: 'open'; readonly plan: LiferaftPlan }
  | { readonly kind: 'load'; readonly load: Load }
  | { readonly kind: 'close' };

export type FromLiferaft =
  | { readonly kind: 'opened' }
  | { readonly kind: 'leads'; readonly leads: boolean }
  | {
      readonly kind: 'loaded';
      readonly latencies: readonly number[];
      readonly seconds: number;
      readonly unanswered: number;
    };

interface Packet {
  readonly type: string;
}
type Reply = (packet?: Packet | Promise<Packet>) => void;
type Written = (error: Error | undefined, answer?: Packet) => void;

interface Raft {
  readonly address: string;
  readonly state: number;
  readonly log: unknown;
  on(event: 'commit', listener: (command: Command) => void): void;
  on(event: 'error' | 'state change', listener: () => void): void;
  emit(event: 'data', packet: Packet, reply: Reply): void;
  join(address: string, write: (packet: Packet, written: Written) => void): void;
  command(command: Command): Promise<void>;
  end(): void;
}

interface RaftClass {
  new (address: string, options: Readonly<Record<string, unknown>>): Raft;
  readonly LEADER: number;
}

interface Command {
  readonly number: number;
  readonly data: string;
}

interface Line {
  readonly id: number;
  readonly packet: Packet;
}

/** After which a command that was not committed is taken for lost. */
const patienceMs = 5000;
const isAtOnce = process.env['LIFERAFT_AT_ONCE'] === '1';

/** These are never answered by a reply; what they bring comes as a packet of its own. */
const oneWay: ReadonlySet<string> = new Set(['append', 'append ack']);

const send = (message: FromLiferaft): void => void process.send?.(message);

/** A line of JSON each; the end of a connection is no error here. */
function onLine(socket: Socket, listener: (line: Line) => void): void {
  socket.setNoDelay(true).on('error', () => undefined);
  createInterface({ input: socket })
    .on('error', () => undefined)
    .on('line', (text) => listener(JSON.parse(text) as Line));
}

/** How packets go to another node, and what it replies comes back. */
class Peer {
  readonly #host: string;
  readonly #port: number;
  readonly #waiting = new Map<number, Written>();
  #socket: Socket | null = null;
  #sent = 0;

  constructor(address: string) {
    const [host = '', port] = address.split(':');
    this.#host = host;
    this.#port = Number(port);
  }

  readonly write = (packet: Packet, written: Written): void => {
    const id = this.#sent++;
    if (oneWay.has(packet.type)) setImmediate(written, undefined);
    else this.#waiting.set(id, written);
    this.#connected().write(`${JSON.stringify({ id, packet } satisfies Line)}\n`);
  };

  close(): void {
    this.#socket?.destroy();
  }

  #connected(): Socket {
    if (this.#socket !== null && !this.#socket.destroyed) return this.#socket;
    const socket = connect(this.#port, this.#host).on('error', () => this.#waiting.clear());
    onLine(socket, ({ id, packet }) => {
      this.#waiting.get(id)?.(undefined, packet);
      this.#waiting.delete(id);
    });
    this.#socket = socket;
    return socket;
  }
}

class LiferaftNode {
  readonly raft: Raft;
  readonly #leaderState: number;
  readonly #server = createServer((socket) => this.#accepted(socket));
  readonly #peers: Peer[] = [];
  readonly #waiting = new Map<number, () => void>();
  #last: Promise<unknown> = Promise.resolve();
  #proposed = 0;

  constructor({ directory, addresses, at }: LiferaftPlan) {
    const require = createRequire(join(directory, 'package.json'));
    const Raft = require('@markwylde/liferaft') as RaftClass;
    const own = addresses[at] as string;
    this.#leaderState = Raft.LEADER;
    this.raft = new Raft(own, {
      'election min': '1 second',
      'election max': '2 seconds',
      heartbeat: '100 ms',
      Log: require('@markwylde/liferaft/log') as unknown,
      adapter: require('memdown') as unknown,
      path: own,
    });
    // Stale terms and the like, which it tells of as errors and goes on.
    this.raft.on('error', () => undefined);
    this.raft.on('commit', ({ number }) => this.#waiting.get(number)?.());
    this.raft.on('state change', () => send({ kind: 'leads', leads: this.leads }));
    for (const address of addresses) {
      if (address === own) continue;
      const peer = new Peer(address);
      this.#peers.push(peer);
      this.raft.join(address, peer.write);
    }
    this.#server.listen(Number(own.split(':')[1]), '127.0.0.1');
  }

  get leads(): boolean {
    return this.raft.state === this.#leaderState;
  }

  async opened(): Promise<void> {
    if (!this.#server.listening) await once(this.#server, 'listening');
  }

  #accepted(socket: Socket): void {
    onLine(socket, ({ id, packet }) => {
      this.raft.emit('data', packet, (reply) => {
        void Promise.resolve(reply).then((answer) => {
          if (answer !== undefined) socket.write(`${JSON.stringify({ id, packet: answer })}\n`);
        });
      });
    });
  }

  /** @returns whether it was committed */
  propose(data: string): Promise<boolean> {
    if (isAtOnce) return this.#commit(data);
    const committed = this.#last.then(() => this.#commit(data));
    this.#last = committed;
    return committed;
  }

  #commit(data: string): Promise<boolean> {
    const number = this.#proposed++;
    return new Promise((fulfil) => {
      const end = (isCommitted: boolean): void => {
        clearTimeout(late);
        this.#waiting.delete(number);
        fulfil(isCommitted);
      };
      const late = setTimeout(end, patienceMs, false);
      this.#waiting.set(number, () => end(true));
      // A leader that was deposed takes nothing.
      this.raft.command({ number, data }).catch(() => end(false));
    });
  }

  close(): void {
    this.raft.end();
    this.#server.close();
    for (const peer of this.#peers) peer.close();
  }
}

async function load(node: LiferaftNode, { callers, seconds, commandBytes }: Load) {
  const latencies: number[] = [];
  let unanswered = 0;
  const startMs = performance.now();
  const endMs = startMs + 1000 * seconds;
  const data = 'x'.repeat(commandBytes);
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      if (await node.propose(data)) latencies.push(performance.now() - sentMs);
      else unanswered += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const took = (performance.now() - startMs) / 1000;
  return { kind: 'loaded', latencies, seconds: took, unanswered } as const;
}

let node: LiferaftNode | null = null;

async function received(message: ToLiferaft): Promise<void> {
  if (message.kind === 'open') {
    node = new LiferaftNode(message.plan);
    await node.opened();
    send({ kind: 'opened' });
  } else if (message.kind === 'load') {
    if (node !== null) send(await load(node, message.load));
  } else {
    node?.close();
    process.disconnect();
    // It keeps timers of its own.
    process.exit(0);
  }
}

process.on('message', (message: ToLiferaft) => void received(message));
