// Three signers of one validator and a fake chain, while signers are killed, stopped and cut off:
// `node examples/validator/main.ts`. README.md beside this file says what it shows.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setInterval as every } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { freePorts } from '../free-ports.ts';
import { Links } from './links.ts';
import { Network } from './network.ts';
import { drawPlan } from './plan.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1_000_000)}` },
    slots: { type: 'string', default: '80' },
    'ms-per-slot': { type: 'string', default: '250' },
    interactive: { type: 'boolean', default: false },
    // Without claims, on leadership alone: the chain finds what it is there to find.
    unsafe: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const slots = Number(values.slots);
const msPerSlot = Number(values['ms-per-slot']);

const directory = mkdtempSync(join(tmpdir(), 'quorate-validator-'));
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const keyFile = join(directory, 'key.pem');
writeFileSync(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
const ports = await freePorts(3);
const links = await Links.open(ports);
const { unsafe } = values;
const network = new Network({ ports, links, directory, keyFile, publicKey, unsafe });

const all = {
  first: ['stopInSign', 'crashInSign'],
  faults: ['kill', 'stop', 'cut', 'crashInSign', 'stopInSign'],
} as const;
/** What leadership alone does not withstand. */
const worst = { first: [], faults: ['stopInSign'] } as const;
/** At the end, in which no fault begins. */
const quietSlots = 8;

/** One fault of the plan after the other, until all slots are over. */
async function play(): Promise<void> {
  const plan = drawPlan(seed, ports.length, unsafe ? worst : all);
  let fault = plan.next().value;
  let isOn = false;
  let waited = 0;
  for await (const _ of every(msPerSlot)) {
    if (network.slot === slots || (unsafe && network.isPunished)) break;
    network.nextSlot();
    if (isOn || network.isWhole) waited += 1;
    if (waited < (isOn ? fault.forSlots : fault.afterSlots)) continue;
    if (isOn ? !network.isOver(fault) : slots - network.slot < quietSlots) continue;
    if (isOn) network.undo(fault);
    else network.begin(fault);
    waited = 0;
    if (isOn) fault = plan.next().value;
    isOn = !isOn;
  }
  if (isOn) network.undo(fault);
}

/** Whatever the user types befalls the signers. */
async function obey(): Promise<void> {
  console.log('kill N, start N, stop N, go N, cut N, mend N, crash N, freeze N, status, quit');
  const typed = createInterface({ input: process.stdin });
  const stop = new AbortController();
  typed.on('line', (line) => {
    const [word = '', id = ''] = line.trim().split(/\s+/);
    if (word === 'quit') typed.close();
    else network.obey(word, Number(id));
  });
  typed.on('close', () => stop.abort());
  try {
    for await (const _ of every(msPerSlot, undefined, { signal: stop.signal })) {
      network.nextSlot();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

try {
  await network.open();
  const how = unsafe ? ', who sign on leadership alone' : '';
  const what = values.interactive ? '' : `; ${slots} slots of ${msPerSlot} ms, seed ${seed}`;
  console.log(`three signers of one key are up${how}${what}`);
  await (values.interactive ? obey() : play());
  await network.settle(msPerSlot);
  process.exitCode = network.judge() ? 0 : 1;
} finally {
  await network.close();
  rmSync(directory, { recursive: true, force: true });
}
