import { openNode } from '../../src/index.ts';
import { LargeMachine } from './large-machine.ts';
import { type Latencies, OpenLoop } from './open-loop.ts';

/** What the bench tells one of its processes, and is told. */
export interface MemberPlan {
  readonly id: number;
  readonly listen: string;
  /** Of a founder. */
  readonly peers?: Readonly<Record<number, string>>;
  /** Of the node that comes later. */
  readonly join?: readonly string[];
  readonly dataDir: string;
  readonly megabytes: number;
  /** After so much log the first snapshot is taken. */
  readonly snapshotLogBytes: number;
  /** Of the transfer; null: no limit. */
  readonly snapshotBytesPerSecond: number | null;
}

export type ToMember =
  | { readonly kind: 'open'; readonly plan: MemberPlan }
  | { readonly kind: 'begin'; readonly perSecond: number; readonly commandBytes: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

export type FromMember =
  | { readonly kind: 'opened' }
  /** Sent every so often. */
  | {
      readonly kind: 'status';
      readonly leads: boolean;
      readonly term: number;
      readonly votes: boolean;
    }
  | { readonly kind: 'begun' }
  | { readonly kind: 'taken'; readonly latencies: Latencies }
  | { readonly kind: 'drawn' }
  | { readonly kind: 'restored'; readonly bytes: number };

const statusMs = 50;

type Opened = Awaited<ReturnType<typeof open>>;

const send = (message: FromMember): void => void process.send?.(message);

function open({ megabytes, snapshotLogBytes, snapshotBytesPerSecond, ...plan }: MemberPlan) {
  const machine = new LargeMachine(megabytes, {
    drawn: () => send({ kind: 'drawn' }),
    restored: (bytes) => send({ kind: 'restored', bytes }),
  });
  return openNode({
    ...plan,
    groups: { large: machine },
    tuning: { snapshotLogBytes, snapshotBytesPerSecond },
    log: { level: 'error', format: 'logfmt' },
    timeoutMs: 600_000,
  });
}

function watch(node: Opened): NodeJS.Timeout {
  const group = node.group('large');
  return setInterval(() => {
    const { role, term, configuration } = group.status();
    const votes = configuration.voters.includes(node.id);
    send({ kind: 'status', leads: role === 'leader', term, votes });
  }, statusMs);
}

let node: Opened | null = null;
let loop: OpenLoop | null = null;
let watching: NodeJS.Timeout | undefined;

async function received(message: ToMember): Promise<void> {
  if (message.kind === 'open') {
    node = await open(message.plan);
    watching = watch(node);
    send({ kind: 'opened' });
  } else if (message.kind === 'begin') {
    const group = node?.group('large');
    const command = new Uint8Array(message.commandBytes).fill(7);
    loop = new OpenLoop(message.perSecond, async () => group?.propose(command));
    send({ kind: 'begun' });
  } else if (message.kind === 'take') {
    if (loop !== null) send({ kind: 'taken', latencies: loop.take() });
  } else if (message.kind === 'stop') {
    loop?.stop();
  } else {
    loop?.stop();
    clearInterval(watching);
    await node?.close();
    process.disconnect();
  }
}

process.on('message', (message: ToMember) => void received(message));
