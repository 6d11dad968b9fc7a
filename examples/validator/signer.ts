// One of three signers of one validator, a process of its own: main.ts starts it, stops it and
// kills it. Whichever of them leads does the chain's duties, and claims each before it signs.
import { createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createElection, ElectionError, type Leadership } from '@quorate/election';
import type { Position } from '@quorate/election/claims';
import { RuntimeError } from '@quorate/runtime';
import { type Block, type Duty, digestOf, type Vote } from './chain.ts';
import type { Order, Report } from './signers.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    peers: { type: 'string', default: '7001' },
    data: { type: 'string', default: 'validator-data' },
    'key-file': { type: 'string', default: 'key.pem' },
    unsafe: { type: 'boolean', default: false },
  },
});
const id = Number(values.id);
const privateKey = createPrivateKey(readFileSync(values['key-file']));
const key = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
const peers = values.peers.split(',').map((port, at) => {
  return { id: at + 1, address: `127.0.0.1:${port}` };
});

const election = await createElection({
  id,
  peers,
  dataDir: `${values.data}/node${id}`,
  claims: { watermarkDir: `${values.data}/signer${id}` },
  log: { level: 'error', format: 'logfmt' },
});

let duties: readonly Duty[] = [];
let more = Promise.withResolvers<void>();
/** What befalls this process when it has leave to sign, the next time. */
let atNextSignature: 'crash' | 'stop' | null = null;
/** By slot, so that whatever is asked twice is asked for the same block. */
const blocks = new Map<number, Block>();
const tried = new Set<string>();

function tell(report: Report): void {
  // A parent that has gone is no error.
  if (process.connected) process.send?.(report, undefined, {}, () => undefined);
}

process.on('message', (order: Order) => {
  if (order.kind === 'atNextSignature') atNextSignature = order.what;
  if (order.kind !== 'duties') return;
  duties = order.duties;
  more.resolve();
  more = Promise.withResolvers();
});
process.on('disconnect', () => void election.close());

async function lead(signal: AbortSignal, leadership: Leadership): Promise<void> {
  tell({ kind: 'elected', token: leadership.token.toString() });
  const over = once(signal, 'abort');
  while (leadership.isValid() && process.connected) {
    const woken = more.promise;
    // Oldest first: whoever has claimed a slot gets no earlier one.
    for (const { slot, vote } of duties) {
      const block = blocks.get(slot) ?? { kind: 'block', slot, proposer: id, nonce: randomUUID() };
      blocks.set(slot, block);
      await Promise.all([block, vote].map((one) => signOnce(slot, one, leadership)));
    }
    await Promise.race([woken, over]);
  }
}

async function signOnce(
  slot: number,
  content: Block | Vote,
  leadership: Leadership,
): Promise<void> {
  const name = `${content.kind} ${slot}`;
  if (tried.has(name) || !leadership.isValid()) return;
  const digest = digestOf(content);
  const makeSignature = (): Buffer => {
    tell({ kind: 'maySign', slot, what: content.kind });
    interrupt();
    return sign(null, digest, privateKey);
  };
  try {
    const claim = { key, position: positionOf(content), digest, token: leadership.token };
    const signature = values.unsafe
      ? makeSignature()
      : await election.claims.sign(claim, makeSignature, { signal: leadership.signal });
    tell({ kind: 'signed', content, signature: Buffer.from(signature).toString('hex') });
  } catch (error) {
    // Nobody knows, or there is no majority: the same may be asked again, while the slot is open.
    if (leadership.signal.aborted || error instanceof RuntimeError) return;
    if (!(error instanceof ElectionError) || error.code !== 'CLAIM_REFUSED') throw error;
    const { reason } = (error as ElectionError<'CLAIM_REFUSED'>).metadata;
    tell({ kind: 'refused', slot, what: content.kind, reason });
  }
  tried.add(name);
}

function positionOf(content: Block | Vote): Position {
  if (content.kind === 'block') return { kind: 'block', slot: BigInt(content.slot) };
  const [source, target] = [BigInt(content.source), BigInt(content.target)];
  return { kind: 'attestation', source, target };
}

/** Between the leave to sign and the signature, where it hurts most. */
function interrupt(): void {
  const what = atNextSignature;
  if (what === null) return;
  atNextSignature = null;
  const beganMs = performance.now();
  process.kill(process.pid, what === 'crash' ? 'SIGKILL' : 'SIGSTOP');
  // The signal may come a moment later than the call returns.
  while (performance.now() - beganMs < 100);
}

tell({ kind: 'open' });
// The parent may have gone before anybody listened.
if (!process.connected) await election.close();
try {
  await election.withLeadership(lead, { again: true });
} catch (error) {
  // At its end it is closed, whether it leads or waits.
  if (process.connected) throw error;
}
