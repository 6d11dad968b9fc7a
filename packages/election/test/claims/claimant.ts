// A node of an election with claims, a process of its own: claimants.ts starts it, kills it, and
// asks it to claim and to sign.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createElection, ElectionError } from '../../src/index.ts';
import type { Answer, Request } from './claimants.ts';
import { block, digestOf, keyOf } from './drawn.ts';

const { values } = parseArgs({
  options: {
    id: { type: 'string', default: '1' },
    ports: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
  },
});
const id = Number(values.id);
const peers = values.ports.split(',').map((port, at) => {
  return { id: at + 1, address: `127.0.0.1:${port}` };
});

const election = await createElection({
  id,
  peers,
  dataDir: `${values.data}/node${id}`,
  claims: { watermarkDir: `${values.data}/signer${id}` },
  timing: { heartbeatIntervalMs: 50, electionTimeoutMs: 400 },
  log: { level: 'silent', format: 'logfmt' },
});
const { claims } = election;

function tell(answer: Answer): void {
  if (process.connected) process.send?.(answer, undefined, {}, () => undefined);
}

async function answer({ key, slot, content, what }: Request): Promise<Answer['what']> {
  const claim = { key: keyOf(key), position: block(slot), digest: digestOf(content), token: 0n };
  try {
    if (what === 'claim') return (await claims.claim(claim)).kind;
    if (what === 'dieOnceClaimed') {
      await claims.claim(claim);
      return die();
    }
    const make = () => (what === 'dieBeforeSigning' ? die() : new Uint8Array([content, id]));
    const signature = await claims.sign(claim, make);
    return `signature ${signature.join(' ')}`;
  } catch (error) {
    if (!(error instanceof ElectionError)) return 'unknown';
    return error.code === 'CLAIM_REFUSED'
      ? `refused ${(error as ElectionError<'CLAIM_REFUSED'>).metadata.reason}`
      : 'unknown';
  }
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal may come a moment later than the call returns.
  for (;;);
}

process.on('message', (request: Request) => {
  void answer(request).then((what) => tell({ number: request.number, what }));
});
process.on('disconnect', () => void election.close());
tell({ number: 0, what: 'open' });

try {
  await election.withLeadership(
    async (signal) => {
      tell({ number: 0, what: 'elected' });
      if (!signal.aborted) await once(signal, 'abort');
    },
    { again: true },
  );
} catch (error) {
  if (process.connected) throw error;
}
