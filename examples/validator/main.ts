// Three signers of one validator and a fake chain, while signers are killed, stopped and cut off:
// `node examples/validator/main.ts`. README.md beside this file says what it shows.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setInterval as every } from 'node:timers/promises';
import { freePorts } from '../free-ports.ts';
import { numberOf, wordsOf } from '../words.ts';
import { Links } from './links.ts';
import { Network, verbs } from './network.ts';
import { drawPlan } from './plan.ts';

const usage = `usage: node examples/validator/main.ts [--slots N] [--ms-per-slot N] [--seed N]
                                       [--unsafe] [--interactive]

  --slots N        how many there are (80)
  --ms-per-slot N  (250)
  --seed N         decides which faults there are (drawn)
  --unsafe         signs on leadership alone, without claims: it ends with a double signature
  --interactive    no faults but those you type

Exit code 0: something was signed, and nothing twice. 1: not so. 2: the options are wrong.`;

const values = wordsOf(usage, {
  seed: { type: 'string', default: `${Math.floor(Math.random() * 1_000_000)}` },
  slots: { type: 'string', default: '80' },
  'ms-per-slot': { type: 'string', default: '250' },
  interactive: { type: 'boolean', default: false },
  // Without claims, on leadership alone: the chain finds what it is there to find.
  unsafe: { type: 'boolean', default: false },
});
const seed = numberOf(usage, 'seed', values.seed, [0, 2 ** 32 - 1]);
const slots = numberOf(usage, 'slots', values.slots, [1, 1_000_000]);
const msPerSlot = numberOf(usage, 'ms-per-slot', values['ms-per-slot'], [20, 60_000]);

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
  console.log(verbs);
  let last = Promise.resolve();
  const typed = createInterface({ input: process.stdin });
  const stop = new AbortController();
  typed.on('line', (line) => {
    const [word = '', id = ''] = line.trim().split(/\s+/);
    if (word === 'quit') typed.close();
    // One after the other, also where they come faster than a process ends.
    else last = last.then(() => network.obey(word, id));
  });
  typed.on('close', () => void last.then(() => stop.abort()));
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
