import assert from 'node:assert/strict';
import { installSnapshot } from '../support/messages.ts';
import { configurationText, entryText, positionText } from './notation.ts';
import type { World } from './world.ts';

type Command = (world: World, words: readonly string[]) => void;

/** What users and drivers ask of one replica. */
export const groupCommands: Readonly<Record<string, Command>> = {
  propose: (world, [id, ...texts]) => {
    for (const text of texts) {
      const proposed = world.cluster.propose(Number(id), text);
      if (proposed.outcome !== 'appended') world.say(`${id}      "${text}": ${proposed.outcome}`);
    }
    world.turn(Number(id));
  },
  read: (world, [id, context]) => {
    const asked = world.member(id).raft.readIndex(Number(context), world.cluster.nowMs);
    if (!asked) world.say(`${id}      nobody to ask`);
    world.turn(Number(id));
  },
  /** A read that asks nobody. */
  lease: (world, [id]) => {
    const { raft } = world.member(id);
    const index = raft.leaseReadIndex(world.cluster.nowMs);
    const left = Math.floor(raft.leaseUntilMs - world.cluster.nowMs);
    world.say(
      index === null ? `${id}      no lease` : `${id}      may read at ${index}, ${left} ms left`,
    );
  },
  await: (world, [id, context, index, , depth, domains]) => {
    const durability = { depth: Number(depth), domains: Number(domains) };
    const { raft } = world.member(id);
    raft.awaitDurability(Number(context), Number(index), durability, world.cluster.nowMs);
    world.turn(Number(id));
  },
  transfer: (world, [id, to]) => {
    const refused = world.member(id).raft.transferLeadership(Number(to), world.cluster.nowMs);
    if (refused !== null) world.say(`${id}      refused: ${refused}`);
    world.turn(Number(id));
  },
  forget: (world, [id]) => {
    const forgotten = world.member(id).raft.forgetLeader(world.cluster.nowMs);
    if (!forgotten) world.say(`${id}      not forgotten`);
    world.turn(Number(id));
  },
  unreachable: (world, [id, peer]) => {
    world.member(id).raft.unreachable(Number(peer));
    world.turn(Number(id));
  },
  /** Every replica goes to sleep, the leader first. */
  sleep: (world, [leader]) => {
    world.ping();
    const { raft } = world.member(leader);
    const { nowMs } = world.cluster;
    const slept = raft.sleep(world.contactsOf(Number(leader)), nowMs);
    world.say(`${leader}      ${slept ? 'sleeps' : 'stays awake'}`);
    if (!slept) return;
    for (const { id, raft: other } of world.cluster.members.values()) {
      if (id === Number(leader)) continue;
      const { currentTerm, lastIndex } = raft;
      const contacts = world.contactsOf(id);
      const too = other.sleepUnder(Number(leader), currentTerm, lastIndex, contacts, nowMs);
      world.say(`${id}      ${too ? 'sleeps' : 'stays awake'}`);
    }
  },
  ping: (world) => world.ping(),
  wake: (world, [id]) => {
    world.member(id).raft.wake(world.cluster.nowMs);
    world.turn(Number(id));
  },
  /** Takes a snapshot of what is applied, and cuts the log behind it but for a tail. */
  snapshot: (world, [id, tail = '0']) => {
    const { raft } = world.member(id);
    raft.compact(raft.snapshotMeta(raft.appliedIndex), Number(tail));
    world.turn(Number(id));
  },
  /** Streams the last snapshot that was to be sent; `fails` when it does not arrive. */
  stream: (world, [link = '', fails]) => {
    const [from = 0, to = 0] = link.split('>').map(Number);
    const sender = world.cluster.get(from);
    const { snapshot } = sender.snapshotsToSend.findLast((sent) => sent.to === to) ?? {};
    assert(snapshot !== undefined, 'no snapshot was to be sent');
    if (fails === undefined) {
      const { currentTerm } = sender.raft;
      const message = installSnapshot(from, to, currentTerm, snapshot);
      world.cluster.raft(to).step(message, world.cluster.nowMs);
      world.turn(to);
    }
    sender.raft.snapshotSent(to);
    world.turn(from);
  },
  log: (world, [id]) => {
    const { raft } = world.member(id);
    let start = raft.lastIndex;
    while (raft.entryAt(start) !== null) start--;
    world.say(`${id}      after ${positionText({ index: start, term: raft.termAt(start) ?? 0 })}`);
    for (let index = start + 1; index <= raft.lastIndex; index++) {
      const entry = raft.entryAt(index);
      if (entry !== null) world.say(`${id}      ${entryText(entry)}`);
    }
  },
  status: (world) => {
    for (const { id, raft } of world.cluster.members.values()) {
      const { role, currentTerm, lastIndex, durableIndex, commitIndex, appliedIndex } = raft;
      const indexes = `log to ${lastIndex}, durable ${durableIndex}, commit ${commitIndex}`;
      const who = `${role} in t${currentTerm}${raft.asleep ? ', asleep' : ''}`;
      world.say(`${id}      ${who}: ${indexes}, applied ${appliedIndex}`);
    }
  },
  /** What a leader knows of the others. */
  peers: (world, [id]) => {
    for (const peer of world.member(id).raft.peers) {
      const { state, matchIndex, nextIndex } = peer;
      const flags = (['witness', 'repairing', 'regressed', 'impostor', 'departing'] as const)
        .filter((flag) => peer[flag])
        .map((flag) => `, ${flag}`);
      world.say(
        `${id}      ${peer.id}: ${state} match ${matchIndex} next ${nextIndex}${flags.join('')}`,
      );
    }
  },
  configuration: (world, [id]) => {
    const { raft } = world.member(id);
    const since = raft.configurationIndex;
    world.say(`${id}      ${configurationText(raft.configuration)}; since ${since}`);
  },
};
