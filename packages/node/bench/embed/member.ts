import type { AppliedEntry, SnapshotSink, StateMachine } from '@quorate/base';
import { openNode } from '../../src/index.ts';

/** What the bench tells one of its processes, and is told. */
export interface MemberPlan {
  readonly id: number;
  readonly peers: Readonly<Record<number, string>>;
  readonly dataDir: string;
  readonly groups: number;
}

export interface Load {
  readonly callers: number;
  readonly seconds: number;
  readonly commandBytes: number;
}

export type ToMember =
  | { readonly kind: 'open'; readonly plan: MemberPlan }
  | { readonly kind: 'load'; readonly load: Load }
  | { readonly kind: 'count' }
  | { readonly kind: 'close' };

/** Since the process began. */
export interface Counts {
  readonly diskBytes: number;
  readonly wireBytes: number;
}

export type FromMember =
  | { readonly kind: 'opened' }
  /** How many groups it leads. */
  | { readonly kind: 'leads'; readonly groups: number }
  /** Latencies in milliseconds, of all proposals that were answered within the time. */
  | { readonly kind: 'loaded'; readonly latencies: readonly number[]; readonly seconds: number }
  | ({ readonly kind: 'counted' } & Counts);

/** Counts: what is measured is everything around it. */
class Tally implements StateMachine<number> {
  #count = 0;

  apply(entries: readonly AppliedEntry[]): number[] {
    return entries.map(() => ++this.#count);
  }

  snapshot(): Iterator<Uint8Array, void> {
    return [new TextEncoder().encode(String(this.#count))].values();
  }

  restore(): SnapshotSink {
    let text = '';
    return {
      chunk: (bytes) => {
        text += new TextDecoder().decode(bytes);
      },
      finish: () => {
        this.#count = Number(text);
      },
    };
  }
}

type Opened = Awaited<ReturnType<typeof open>>;

function open({ id, peers, dataDir, groups }: MemberPlan) {
  const names = Array.from({ length: groups }, (_, at) => `group-${at}`);
  return openNode({
    id,
    dataDir,
    listen: peers[id] as string,
    peers,
    groups: Object.fromEntries(names.map((name) => [name, new Tally()])),
    log: { level: 'error', format: 'logfmt' },
  });
}

function ledHere(node: Opened): string[] {
  return node.groupNames.filter((name) => node.group(name).status().role === 'leader');
}

async function load(node: Opened, { callers, seconds, commandBytes }: Load): Promise<FromMember> {
  const groups = ledHere(node).map((name) => node.group(name));
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + 1000 * seconds;
  const caller = async (number: number): Promise<void> => {
    const group = groups[number % groups.length];
    const command = new Uint8Array(commandBytes).fill(number & 0xff);
    while (group !== undefined && performance.now() < endMs) {
      const sentMs = performance.now();
      await group.propose(command);
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
  return { kind: 'loaded', latencies, seconds: (performance.now() - startMs) / 1000 };
}

async function count(node: Opened): Promise<FromMember> {
  const text = await node.metricsText();
  const sum = (name: string): number => {
    const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
    return [...lines].reduce((total, [, value]) => total + Number(value), 0);
  };
  return {
    kind: 'counted',
    diskBytes: sum('quorate_wal_written_bytes_total'),
    wireBytes: sum('quorate_transport_sent_bytes_total'),
  };
}

const send = (message: FromMember): void => void process.send?.(message);
let node: Opened | null = null;
let watching: NodeJS.Timeout | undefined;

async function received(message: ToMember): Promise<void> {
  if (message.kind === 'open') {
    node = await open(message.plan);
    const opened = node;
    send({ kind: 'opened' });
    watching = setInterval(() => send({ kind: 'leads', groups: ledHere(opened).length }), 500);
  } else if (node !== null) {
    if (message.kind === 'load') send(await load(node, message.load));
    else if (message.kind === 'count') send(await count(node));
    else {
      clearInterval(watching);
      await node.close();
      process.disconnect();
    }
  }
}

process.on('message', (message: ToMember) => void received(message));
