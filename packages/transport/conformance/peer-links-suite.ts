import { equalBytes } from '@quorate/base';
import {
  type ConformanceCase,
  type ConformanceReport,
  demand,
  quiet,
  runCases,
  waitFor,
} from '@quorate/base/conformance';
import type { NodeId } from '@quorate/schema';
import { bytesOf, type LinkProbe, LinkRoom, type PeerLinksHarness } from './peer-links-probe.ts';
import { peerLinksRules as rules } from './peer-links-rules.ts';
import { chunk, mixedMessages, numbered, numbersIn } from './peer-messages.ts';

/** A link that takes more than this for a peer that reads nothing is taken to have no bound. */
const mostQueuedBytes = 512 * 1024 * 1024;
const queuedMessageBytes = 1024 * 1024;

type Body = (room: LinkRoom) => Promise<void>;

/** @throws ConformanceFailure unless the numbers ascend: each once, none before its turn */
function expectAscending(numbers: readonly number[], of: string): void {
  const seen = new Set<number>();
  for (const [at, number] of numbers.entries()) {
    demand(!seen.has(number), rules.once, `${of} message ${number} was delivered twice.`);
    seen.add(number);
    const before = numbers[at - 1] ?? 0;
    const did = `${of} message ${number} was delivered after message ${before}.`;
    demand(number > before, rules.order, did);
  }
}

async function comesUp(room: LinkRoom): Promise<void> {
  const nodes = await room.cluster(3);
  await quiet(room.pace);
  for (const { id, changes } of nodes) {
    const count = changes.length;
    const told = `${count} changes: ${changes.join()}`;
    const did = `Node ${id} has two peers that are up and was told ${told}.`;
    demand(count === 2, rules.connected, did);
  }
}

/** Between all, at once, with what is received kept and compared again later. */
async function arrives(room: LinkRoom): Promise<void> {
  const nodes = await room.cluster(3);
  const ids = nodes.map(({ id }) => id);
  const perPeer = 5 * mixedMessages(1, 2).length;
  for (const { id, links } of nodes) {
    for (const to of ids.filter((peer) => peer !== id)) {
      for (let round = 0; round < 5; round++) {
        for (const message of mixedMessages(id, to)) {
          const isQueued = links.send(to, 2 ** 41 + round, message);
          demand(isQueued, rules.delivered, `send refused a ${message.type} on a link that is up.`);
        }
        if (round % 2 === 0) links.flush();
      }
    }
    links.flush();
  }
  for (const node of nodes) {
    for (const from of ids.filter((peer) => peer !== node.id)) {
      await room.arrived(node, from, perPeer);
      expectSent(node, from);
    }
  }
}

function expectSent(node: LinkProbe, from: NodeId): void {
  const sent = mixedMessages(from, node.id);
  for (const [at, { group, message, bytes }] of node.from(from).entries()) {
    const expected = sent[at % sent.length] as (typeof sent)[number];
    const which = `of node ${from} to node ${node.id}`;
    const turn = `A ${message.type} ${which} was delivered where a ${expected.type} was sent.`;
    demand(message.type === expected.type, rules.order, turn);
    const expectedGroup = 2 ** 41 + Math.floor(at / sent.length);
    const other = `A ${message.type} ${which} for group ${expectedGroup} came for ${group}.`;
    demand(group === expectedGroup, rules.content, other);
    const changed = `A ${message.type} ${which} arrived with other content than was sent.`;
    demand(equalBytes(bytes, bytesOf(group, expected)), rules.content, changed);
  }
}

async function chunksArrive(room: LinkRoom): Promise<void> {
  const [one, two] = (await room.cluster(2)) as [LinkProbe, LinkProbe];
  const wanted = 6;
  // A link of their own may come up later than the other: what it refuses is offered again.
  let next = 0;
  const isSent = (): boolean => {
    while (next < wanted && one.tell(2, chunk(1, 2, next, 100_000))) next += 1;
    return next === wanted;
  };
  const refused = (): string => `send refused piece ${next} of a snapshot on a link that is up.`;
  await waitFor(room.pace, isSent, rules.delivered, refused);
  await room.arrived(two, 1, wanted);
  const found = two.received.map(
    ({ message }) => message.type === 'SnapshotChunk' && message.chunk,
  );
  const isInOrder = found.every((at, i) => at === i);
  demand(
    isInOrder,
    rules.order,
    `Pieces of a snapshot were delivered in the order ${found.join()}.`,
  );
}

async function flushHandsOn(room: LinkRoom): Promise<void> {
  const [one, two] = (await room.cluster(2)) as [LinkProbe, LinkProbe];
  for (let number = 1; number <= 5; number++) {
    demand(one.tell(2, numbered(1, 2, number)), rules.delivered, 'send refused a small message.');
    await room.arrived(two, 1, number);
  }
  await quiet(room.pace);
  expectAscending(numbersIn(two.received), 'Of node 1');
}

async function withoutLink(room: LinkRoom): Promise<void> {
  const one = await room.node(1);
  const taken = [one.tell(2, numbered(1, 2, 1)), one.tell(9, numbered(1, 9, 1))];
  demand(!taken[0], rules.noLink, 'send returned true for a peer that was never up.');
  demand(!taken[1], rules.noLink, 'send returned true for a node that is no peer.');
  demand(!one.links.isConnected(2), rules.connected, 'isConnected was true of one never up.');
  const two = await room.node(2);
  await room.connected(one, 2);
  one.tell(2, numbered(1, 2, 2));
  await room.arrived(two, 1, 1);
  await quiet(room.pace);
  const numbers = numbersIn(two.received);
  const did = 'Message 1, which send had refused, was delivered when node 2 came up.';
  demand(!numbers.includes(1), rules.dropped, did);
}

async function isBounded(room: LinkRoom): Promise<void> {
  const [one, two] = (await room.cluster(2)) as [LinkProbe, LinkProbe];
  const taken = new Set<number>();
  let refused = 0;
  const most = mostQueuedBytes / queuedMessageBytes;
  const data = new Uint8Array(queuedMessageBytes);
  for (let number = 1; number <= most && refused < 3; number++) {
    if (one.links.send(2, 1, numbered(1, 2, number, data))) taken.add(number);
    else refused += 1;
  }
  const grown = `send took ${most} messages of 1 MiB in one turn, and refused none.`;
  demand(refused > 0, rules.bounded, grown);
  one.links.flush();
  let seen = -1;
  while (seen < two.received.length) {
    seen = two.received.length;
    await quiet(room.pace);
    await quiet(room.pace);
  }
  const numbers = numbersIn(two.received);
  expectAscending(numbers, 'Of node 1');
  const wrong = numbers.find((number) => !taken.has(number));
  const did = `Message ${wrong}, which send had refused, was delivered.`;
  demand(wrong === undefined, rules.dropped, did);
  const isTaken = (): boolean => one.tell(2, numbered(1, 2, most + 1));
  await waitFor(room.pace, isTaken, rules.bounded, () => {
    return 'After its queue had emptied, send went on to refuse messages.';
  });
}

async function greets(room: LinkRoom): Promise<void> {
  const nodes = await room.cluster(3);
  for (const { id, greetings } of nodes) {
    for (const other of nodes) {
      if (other.id === id) continue;
      const isGreeted = (): boolean => greetings.has(other.id);
      await waitFor(room.pace, isGreeted, rules.greeted, () => {
        return `Nodes ${other.id} and ${id} are connected, and node ${id} was never told greeted.`;
      });
      const told = greetings.get(other.id);
      const who = `node ${other.id}, of incarnation ${10 * other.id},`;
      const did = `Node ${id} was told that ${who} is ${told}.`;
      demand(told === 10 * other.id, rules.greeted, did);
    }
  }
}

async function afterClose(room: LinkRoom): Promise<void> {
  const [one, two] = (await room.cluster(2)) as [LinkProbe, LinkProbe];
  for (let number = 1; number <= 20; number++) two.tell(1, numbered(2, 1, number, 5_000));
  one.close();
  one.links.close();
  const isTaken = one.tell(2, numbered(1, 2, 1));
  demand(!isTaken, rules.closed, 'send returned true after close.');
  demand(!one.links.isConnected(2), rules.closed, 'isConnected was true after close.');
  await room.disconnected(two, 1);
  await quiet(room.pace);
  const heard = numbersIn(two.received).length;
  demand(heard === 0, rules.closed, 'A message that was sent after close was delivered.');
}

async function closeInsideMessage(room: LinkRoom): Promise<void> {
  const [one, two] = (await room.cluster(2)) as [LinkProbe, LinkProbe];
  two.onMessage = () => two.close();
  for (let number = 1; number <= 10; number++) one.links.send(2, 1, numbered(1, 2, number));
  one.links.flush();
  await room.arrived(two, 1, 1);
  await quiet(room.pace);
  two.check();
}

/** Node 2 comes back three times while node 1 goes on talking. */
async function comesBack(room: LinkRoom): Promise<void> {
  const one = await room.node(1);
  const heard: number[] = [];
  let number = 0;
  for (let life = 1; life <= 3; life++) {
    const two = await room.node(2, 100 + life);
    await room.connected(one, 2);
    await room.connected(two, 1);
    const goal = number + 30;
    while (number < goal) {
      number += 1;
      one.tell(2, numbered(1, 2, number, 3_000));
      two.tell(1, numbered(2, 1, number));
      if (number % 5 === 0) await room.pace.pause(1);
    }
    await waitFor(
      room.pace,
      () => two.from(1).length > 0,
      rules.delivered,
      () => {
        return `Of 30 messages to node 2 in its life ${life} none arrived.`;
      },
    );
    two.close();
    heard.push(...numbersIn(two.from(1)));
    two.check();
    await room.disconnected(one, 2);
    const told = one.greetings.get(2);
    const did = `Node 2 came back as incarnation ${100 + life}; greeted said ${told}.`;
    demand(told === 100 + life, rules.greeted, did);
  }
  expectAscending(heard, 'Over three lives of node 2');
  expectAscending(numbersIn(one.from(2)), 'Of node 2');
}

async function peersChange(room: LinkRoom): Promise<void> {
  const [one, two] = (await room.cluster(2)) as [LinkProbe, LinkProbe];
  one.links.setPeer(2, null);
  await room.disconnected(one, 2);
  demand(!one.tell(2, numbered(1, 2, 1)), rules.setPeer, 'send took a message to a former peer.');
  for (let number = 1; number <= 5; number++) two.tell(1, numbered(2, 1, number));
  await quiet(room.pace);
  const heard = one.from(2).length;
  demand(heard === 0, rules.setPeer, `A former peer was heard: ${heard} of its messages.`);
  one.links.setPeer(2, room.pace.addressOf(2));
  await room.connected(one, 2);
  await room.connected(two, 1);
  const isHeard = (from: LinkProbe, to: LinkProbe): (() => boolean) => {
    let number = 5;
    return () => {
      number += 1;
      from.tell(to.id, numbered(from.id, to.id, number));
      return to.from(from.id).length > 0;
    };
  };
  const deaf = (): string => 'A peer that was made one again is connected, and not heard.';
  await waitFor(room.pace, isHeard(one, two), rules.setPeer, deaf);
  await waitFor(room.pace, isHeard(two, one), rules.setPeer, deaf);
}

const bodies: Readonly<Record<string, Body>> = {
  'links come up between all, and each side is told once': comesUp,
  'messages arrive as they were sent, once, in order, between all': arrives,
  'pieces of a snapshot arrive in order': chunksArrive,
  'flush hands on what was sent, every time': flushHandsOn,
  'without a link send says no, and nothing comes later': withoutLink,
  'a full queue says no instead of growing, and what it refused never comes': isBounded,
  'a peer says which incarnation it is before it is heard': greets,
  'after close nothing is delivered, sent or reported': afterClose,
  'links may be closed from inside a message': closeInsideMessage,
  'a peer that comes back is found again, and hears nothing twice': comesBack,
  'a peer that is taken out is neither heard nor reached, until it is one again': peersChange,
};

/**
 * What all peer links owe the core, one case for each.
 *
 * @param factory gives a new room for each case
 */
export function peerLinksCases(
  factory: () => PeerLinksHarness | Promise<PeerLinksHarness>,
): ConformanceCase[] {
  return Object.entries(bodies).map(([name, body]) => ({
    name,
    run: async () => {
      const harness = await factory();
      const room = new LinkRoom(harness);
      try {
        await body(room);
        room.check();
      } finally {
        room.close();
        await harness.dispose?.();
      }
    },
  }));
}

/**
 * Runs all of `peerLinksCases`.
 *
 * @param subject what is checked, for the report
 * @throws ConformanceFailure that says of each broken rule what was done, what the contract asks
 *   and why
 */
export function checkPeerLinks(
  subject: string,
  factory: () => PeerLinksHarness | Promise<PeerLinksHarness>,
): Promise<ConformanceReport> {
  return runCases(subject, peerLinksCases(factory));
}
