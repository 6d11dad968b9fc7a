import type { MembershipProposed } from '../../src/index.ts';
import { attributes, parseChange } from './membership-words.ts';
import type { World } from './world.ts';

type Command = (world: World, words: readonly string[]) => void;

function tell(world: World, id: string | undefined, proposed: MembershipProposed): void {
  if (proposed.outcome === 'refused') {
    world.say(`${id}      refused: ${proposed.refusal.reason}`);
    world.say(`       ${proposed.refusal.message}`);
  } else if (proposed.outcome !== 'appended') world.say(`${id}      ${proposed.outcome}`);
  world.turn(Number(id));
}

/** Who takes part, and who is who. */
export const membershipCommands: Readonly<Record<string, Command>> = {
  /** A node that runs and has no part yet. */
  spare: (world, [id, ...words]) => {
    const { incarnation = 0 } = attributes(words);
    world.cluster.spare(Number(id), { incarnation });
    world.turn(Number(id));
  },
  /** Its disk is gone: it starts as a node that has no part, in another incarnation. */
  wipe: (world, [id, incarnation]) => {
    world.take(({ from, to }) => from === Number(id) || to === Number(id));
    world.cluster.spare(Number(id), { incarnation: Number(incarnation) });
    world.turn(Number(id));
  },
  change: (world, [id, ...words]) => {
    const change = parseChange(words.join(' '));
    tell(world, id, world.member(id).raft.proposeMembership(change, world.cluster.nowMs));
  },
  leave: (world, [id]) => tell(world, id, world.member(id).raft.leaveJoint(world.cluster.nowMs)),
  /** `peer` tells `id` which incarnation it is. */
  greet: (world, [id, peer, incarnation]) => {
    const { nowMs } = world.cluster;
    world.member(id).raft.peerIncarnation(Number(peer), Number(incarnation), nowMs);
    world.turn(Number(id));
  },
};
