import { connectTo } from '../clients/connection.ts';
import { methods } from '../clients/methods.ts';
import type { Member } from '../cluster/member.ts';
import { clients, type Network } from '../cluster/network.ts';
import { type Condition, clear } from '../cluster/relay.ts';
import {
  type Begin,
  type Begun,
  chosen,
  type FaultWorld,
  leaderOrChosen,
  minority,
  names,
  nothingToEnd,
} from './fault.ts';
import type { faultKinds, PlannedFault } from './schedule.ts';

const mostDelayMs = 150;
const mostClientDelayMs = 800;
const leastBytesPerSecond = 4000;
const moreBytesPerSecond = 60_000;
const longestFlapMs = 1500;

type Pair = readonly [from: string, to: string];
const cut: Condition = { ...clear, isCut: true };

/** Puts links under a condition, and clears them in the end, half of the time with a reset. */
function put(
  world: FaultWorld,
  planned: PlannedFault,
  pairs: readonly Pair[],
  condition: Condition,
): Begun {
  const { network } = world.cluster;
  for (const [from, to] of pairs) network.set(from, to, condition);
  return {
    value: { links: pairs.map(([from, to]) => `${from}>${to}`), ...inWords(condition) },
    end: () => {
      for (const [from, to] of pairs) network.set(from, to, clear);
      if (condition.isCut && planned.luck % 2 === 0) resetMembers(network, pairs);
    },
  };
}

function inWords({ isCut, delayMs, bytesPerSecond }: Condition) {
  if (isCut) return { cut: true };
  return { delayMs, ...(Number.isFinite(bytesPerSecond) ? { bytesPerSecond } : {}) };
}

function resetMembers(network: Network, pairs: readonly Pair[]): void {
  for (const name of new Set(pairs.flat())) network.reset(name);
}

function others({ cluster }: FaultWorld, of: Member): readonly string[] {
  return cluster.members.filter((member) => member !== of).map(({ name }) => name);
}

function outgoing(world: FaultWorld, from: Member): Pair[] {
  return others(world, from).map((to) => [from.name, to] as const);
}

function incoming(world: FaultWorld, to: Member): Pair[] {
  return others(world, to).map((from) => [from, to.name] as const);
}

function around(world: FaultWorld, member: Member): Pair[] {
  return [...outgoing(world, member), ...incoming(world, member)];
}

function everyLink({ cluster }: FaultWorld): Pair[] {
  const all = cluster.members.map(({ name }) => name);
  return all.flatMap((from) => all.filter((to) => to !== from).map((to) => [from, to] as const));
}

function between(some: readonly Member[], rest: readonly Member[]): Pair[] {
  return some.flatMap(({ name: one }) =>
    rest.flatMap(({ name: other }) => [[one, other] as const, [other, one] as const]),
  );
}

function flap(world: FaultWorld, planned: PlannedFault): Begun {
  const member = chosen(world, planned);
  const pairs = around(world, member);
  const { network } = world.cluster;
  let isCut = false;
  const turn = (): void => {
    isCut = !isCut;
    for (const [from, to] of pairs) network.set(from, to, isCut ? cut : clear);
  };
  turn();
  const timer = setInterval(turn, 100 + planned.strength * longestFlapMs);
  return {
    value: { links: pairs.map(([from, to]) => `${from}>${to}`), flapping: true },
    end: () => {
      clearInterval(timer);
      for (const [from, to] of pairs) network.set(from, to, clear);
    },
  };
}

async function moveLeader(
  world: FaultWorld,
  planned: PlannedFault,
): Promise<Begun | { readonly skipped: string }> {
  const { leader, members } = world.cluster;
  if (leader === null) return { skipped: 'nobody leads' };
  const rest = members.filter((member) => member !== leader && member.memberId !== '');
  const target = rest[planned.luck % Math.max(1, rest.length)];
  if (target === undefined) return { skipped: 'there is nobody else' };
  const connection = connectTo(leader.endpoint);
  const request = { targetID: BigInt(`0x${target.memberId}`) };
  const outcome = await connection.call(methods.moveLeader, request);
  connection.close();
  const result = outcome.kind === 'ok' ? 'moved' : outcome.error;
  return { value: { from: leader.name, to: target.name, result }, end: nothingToEnd };
}

export const networkFaults: Readonly<Record<(typeof faultKinds.network)[number], Begin>> = {
  'isolate-leader': (world, planned) =>
    put(world, planned, around(world, leaderOrChosen(world, planned)), cut),
  'isolate-one': (world, planned) =>
    put(world, planned, around(world, chosen(world, planned)), cut),
  'cut-outgoing': (world, planned) =>
    put(world, planned, outgoing(world, leaderOrChosen(world, planned)), cut),
  'cut-incoming': (world, planned) =>
    put(world, planned, incoming(world, leaderOrChosen(world, planned)), cut),
  'cut-pair': (world, planned) => {
    const one = chosen(world, planned);
    const rest = others(world, one);
    const other = rest[(planned.luck >>> 8) % rest.length] ?? one.name;
    return put(
      world,
      planned,
      [
        [one.name, other],
        [other, one.name],
      ],
      cut,
    );
  },
  halves: (world, planned) => {
    const some = minority(world, planned);
    const rest = world.cluster.members.filter((member) => !some.includes(member));
    return put(world, planned, between(some, rest), cut);
  },
  flapping: flap,
  'slow-links': (world, planned) => {
    const delayMs = Math.round(planned.strength * mostDelayMs);
    return put(world, planned, everyLink(world), { ...clear, delayMs });
  },
  'narrow-links': (world, planned) => {
    const bytesPerSecond = Math.round(leastBytesPerSecond + planned.strength * moreBytesPerSecond);
    const pairs = around(world, chosen(world, planned));
    return put(world, planned, pairs, { ...clear, bytesPerSecond });
  },
  'reset-connections': ({ cluster }) => {
    for (const { name } of cluster.members) cluster.network.reset(name);
    return { value: names(cluster.members), end: nothingToEnd };
  },
  'cut-clients': (world, planned) => {
    const { name } = leaderOrChosen(world, planned);
    return put(
      world,
      planned,
      [
        [clients, name],
        [name, clients],
      ],
      cut,
    );
  },
  'lose-answers': (world, planned) =>
    put(world, planned, [[leaderOrChosen(world, planned).name, clients]], cut),
  'slow-clients': (world, planned) => {
    const delayMs = Math.round(planned.strength * mostClientDelayMs);
    const pairs = world.cluster.members.map(({ name }) => [clients, name] as const);
    return put(world, planned, pairs, { ...clear, delayMs });
  },
  'move-leader': moveLeader,
};
