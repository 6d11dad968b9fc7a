// Fifteen read replicas in a tree under three voters: what they read is as recent as asked for, one
// that feeds others is killed, and the leader sends no more than for three of them:
// `node examples/read-replicas/main.ts`. README.md beside this file says how.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { Program } from './programs.ts';
import { Leaf, type Reader, Relay } from './readers.ts';
import { Traffic, writesOfRound } from './traffic.ts';
import type { Load, VoterQuestion } from './voter.ts';

const rounds = 10;
const writes = rounds * writesOfRound;
const leavesOfRelay = 4;
const pages = 20;
const text = 'x'.repeat(1000);

/** Bytes for each write. */
interface Cost {
  readonly total: number;
  readonly toVoters: number;
  /** Who led and who fed whom. Only what was measured under the same can be compared. */
  readonly setting: string;
}

const directory = mkdtempSync(join(tmpdir(), 'quorate-replicas-'));
const addresses = (await freePorts(6)).map((port) => `127.0.0.1:${port}`);
const voterAddresses = addresses.slice(0, 3);
const voters: Program[] = [];
const relays: Relay[] = [];
const leaves: Leaf[] = [];
let edits = 0;

const traffic = new Traffic(() => {
  const edit = { page: `page-${edits++ % pages}`, text };
  return (voters[0] as Program).ask({ edit } satisfies VoterQuestion);
});

/** The first of them first. */
function beginningAt<One>(all: readonly One[], first: number): One[] {
  return [...all.slice(first), ...all.slice(0, first)];
}

async function openTree(): Promise<void> {
  const words = ['--voters', voterAddresses.join(','), '--data', directory];
  const founding = voterAddresses.map((_, at) => {
    return Program.start('voter.ts', '--id', String(at + 1), ...words);
  });
  voters.push(...(await Promise.all(founding)));
  // Once all voters are up, so that each gets one relay, and the leader its share.
  const feeding = addresses.slice(3).map((address, at) => {
    return Relay.open(address, beginningAt(voterAddresses, at));
  });
  relays.push(...(await Promise.all(feeding)));
}

/** Each relay's come with the two others to fall back on. */
async function openLeaves(): Promise<void> {
  const sources = relays.map(({ address }) => address);
  const opening = sources.flatMap((_, at) => {
    return Array.from({ length: leavesOfRelay }, () => Leaf.open(beginningAt(sources, at)));
  });
  leaves.push(...(await Promise.all(opening)));
}

async function leaderLoad(): Promise<Load> {
  const { leader } = await (voters[0] as Program).ask<Load>('load' satisfies VoterQuestion);
  return (voters[leader - 1] as Program).ask('load' satisfies VoterQuestion);
}

async function settingOf({ leader, term }: Load): Promise<string> {
  const sources = await Promise.all(relays.map((relay) => relay.upstream()));
  return JSON.stringify({ leader, term, sources });
}

/** What the leader sends while `readers` read. */
async function measure(readers: readonly Reader[]): Promise<Cost> {
  await traffic.last(readers);
  const before = await leaderLoad();
  const setting = await settingOf(before);
  for (let left = rounds; left > 0; left--) await traffic.round(readers);
  await traffic.last(readers);
  const after = await leaderLoad();
  if ((await settingOf(after)) !== setting) return measure(readers);
  const total = (after.bytes - before.bytes) / writes;
  const toVoters = (after.bytesToPeers - before.bytesToPeers) / writes;
  show(readers.length, total, toVoters);
  return { total, toVoters, setting };
}

function show(count: number, total: number, toVoters: number): void {
  const split = [toVoters, total - toVoters].map((bytes) => Math.round(bytes));
  const sent = `the leader sent ${split[0]} bytes to voters and ${split[1]} to replicas`;
  console.log(`${count} replicas: ${sent} for an edit of ${text.length}`);
}

/** @returns by which factor the leader's bytes grew from three replicas to fifteen */
async function compare(): Promise<number> {
  for (;;) {
    const few = await measure(relays);
    await openLeaves();
    console.log(`opened ${leaves.length} more, fed by the ${relays.length}`);
    const many = await measure([...relays, ...leaves]);
    if (few.setting === many.setting) return many.total / few.total;
    console.log('another leader was elected in between, or another source found: once more');
    await Promise.all(leaves.splice(0).map((leaf) => leaf.close()));
  }
}

/** Reads and writes go on all the while. */
async function killRelay(): Promise<void> {
  const [killed, ...others] = relays as [Relay, ...Relay[]];
  const sources = async (): Promise<string[]> => Promise.all(leaves.map((leaf) => leaf.upstream()));
  const orphans = (await sources()).filter((source) => source === killed.address).length;
  const readers = [...others, ...leaves];
  await Promise.all([traffic.round(readers), killed.kill()]);
  while ((await sources()).includes(killed.address)) await traffic.round(readers);
  const survivors = others.map(({ address }) => address);
  const fed = (await sources()).filter((source) => survivors.includes(source)).length;
  console.log(`killed a replica that fed ${orphans}: all ${fed} are fed by the two others now`);
  await traffic.last(readers);
}

async function play(): Promise<boolean> {
  await openTree();
  const { leader } = await leaderLoad();
  console.log(`three voters are up, node ${leader} leads; ${relays.length} replicas, one at each`);
  const factor = await compare();
  await killRelay();
  const count = relays.length + leaves.length;
  const verdict = traffic.tooOld === 0 ? 'none' : `${traffic.tooOld} of them`;
  const load = `the leader sent ${factor.toFixed(2)} times as much as for ${relays.length}`;
  console.log(`${traffic.reads} reads at ${count} replicas, ${verdict} too old; ${load}`);
  return traffic.tooOld === 0 && factor < 1.1;
}

try {
  process.exitCode = (await play()) ? 0 : 1;
} finally {
  await Promise.all(leaves.map((leaf) => leaf.close()));
  await Program.stopAll();
  rmSync(directory, { recursive: true, force: true });
}
