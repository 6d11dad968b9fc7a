import assert from 'node:assert/strict';
import type { RaftOptions } from '../../src/index.ts';
import { electionTimeoutMs } from '../support/cluster.ts';
import { groupCommands } from './group-commands.ts';
import { membershipCommands } from './membership-commands.ts';
import { parseFounders } from './membership-words.ts';
import { messageText } from './notation.ts';
import { messagePattern, World } from './world.ts';

/** @param words what follows the name of the command */
export type Command = (world: World, words: readonly string[]) => void;

/** `100ms` or `2s`. */
export function milliseconds(word: string | undefined): number {
  const found = /^(\d+)(ms|s)$/.exec(word ?? '');
  assert(found !== null, `'${word}' is no time: 100ms, 2s`);
  return Number(found[1]) * (found[2] === 's' ? 1000 : 1);
}

function parseOptions(words: readonly string[]): Partial<RaftOptions> {
  const options: Record<string, number | null> = {};
  for (const word of words) {
    const [name = '', value] = word.split('=');
    options[name] = value === 'none' ? null : Number(value);
  }
  return options;
}

/** Time, the network and the disks. */
const worldCommands: Readonly<Record<string, Command>> = {
  new: (world, words) => {
    const [founders = '', options = ''] = words.join(' ').split(' with ');
    const wanted = parseOptions(options.split(' ').filter((word) => word !== ''));
    world.begin(parseFounders(founders), wanted);
    world.hidden.add('write');
    world.settle();
    world.takeLines();
  },
  hide: (world, words) => {
    for (const word of words) world.hidden.add(word);
  },
  show: (world, words) => {
    for (const word of words) world.hidden.delete(word);
  },
  time: (world, [ms]) => {
    world.cluster.nowMs += milliseconds(ms);
  },
  tick: (world, [id, ms]) => {
    if (ms !== undefined) world.cluster.nowMs += milliseconds(ms);
    world.member(id).raft.tick(world.cluster.nowMs);
    world.turn(Number(id));
  },
  pass: (world, [ms, step = '50ms']) => world.pass(milliseconds(ms), milliseconds(step)),
  settle: (world) => world.settle(),
  turn: (world, [id]) => world.turn(Number(id)),
  /** The leaders there are have heard of nobody, this node's time is up, and nobody else's. */
  campaign: (world, [id]) => {
    world.cluster.nowMs += 2 * electionTimeoutMs;
    for (const raft of world.cluster.leaders()) {
      raft.tick(world.cluster.nowMs);
      world.turn(raft.nodeId);
    }
    world.member(id).raft.tick(world.cluster.nowMs);
    world.turn(Number(id));
  },
  /** Shows nothing: to begin with. */
  lead: (world, [id]) => {
    world.cluster.lead(Number(id));
    world.settle();
    world.takeLines();
  },
  deliver: (world, words) => world.deliver(messagePattern(words)),
  drop: (world, words) => {
    assert(world.take(messagePattern(words)).length > 0, 'no such message is under way');
  },
  hold: (world, words) => world.hold(words),
  release: (world, words) => world.release(words),
  network: (world) => {
    for (const message of world.underWay) world.say(messageText(message));
  },
  cut: (world, words) => {
    const text = words.join(' ');
    if (text.includes('>')) {
      for (const link of words) world.cluster.cut.add(link);
      return;
    }
    const sides = text.split('|').map((side) => side.trim().split(' ').map(Number));
    sides.forEach((left, at) => {
      for (const right of sides.slice(at + 1)) world.cluster.partition(left, right);
    });
  },
  heal: (world) => world.cluster.heal(),
  nopersist: (world, words) => {
    for (const word of words) world.member(word).autoPersist = false;
  },
  persist: (world, words) => {
    for (const word of words) {
      const member = world.member(word);
      member.autoPersist = true;
      while (member.writes.length > 0) {
        world.say(`${word}      durable #${member.persistNext(world.cluster.nowMs).id}`);
      }
      world.turn(Number(word));
    }
  },
  restart: (world, [id]) => {
    world.take(({ from, to }) => from === Number(id) || to === Number(id));
    world.cluster.restart(Number(id));
    world.turn(Number(id));
  },
  /** Cuts the durable log, as recovery does with what is damaged, and notes what was there. */
  damage: (world, [id, , keepTo]) => {
    const member = world.member(id);
    const entries = member.disk.entries.filter(({ index }) => index <= Number(keepTo));
    const repairUntil = member.raft.durableIndex;
    member.disk = { ...member.disk, entries, repairUntil };
    world.cluster.restart(Number(id));
    world.turn(Number(id));
  },
};

const commands: Readonly<Record<string, Command>> = {
  ...worldCommands,
  ...groupCommands,
  ...membershipCommands,
};

/** Carries out the commands of one transcript. */
export class Interpreter {
  readonly #world = new World();

  /** @returns what the command showed, a line each */
  run(line: string): readonly string[] {
    const [name = '', ...words] = line.split(' ').filter((word) => word !== '');
    const command = commands[name];
    assert(command !== undefined, `there is no command '${name}'`);
    command(this.#world, words);
    return this.#world.takeLines();
  }
}
