import type { etcd, Init } from '@quorate/schema';
import { connectTo, type Outcome } from '../clients/connection.ts';
import { type Method, methods } from '../clients/methods.ts';
import type { Member } from '../cluster/member.ts';
import { type Begun, chosen, type FaultWorld, nothingToEnd } from './fault.ts';
import type { PlannedFault } from './schedule.ts';

const limitMs = 20_000;
const lookAgainMs = 300;

/**
 * Takes a member out of the cluster for good, and brings in a blank one in its place: as a learner
 * first, which is promoted once it has caught up.
 */
export async function replaceMember(
  world: FaultWorld,
  planned: PlannedFault,
): Promise<Begun | { readonly skipped: string }> {
  const { cluster } = world;
  const leaving = chosen(world, planned);
  if (leaving.memberId === '') return { skipped: `${leaving.name} has not said its id` };
  // Told that it is none any more, it stops by itself.
  world.mayEnd.add(leaving.name);
  const removed = await ask(world, leaving, methods.memberRemove, {
    ID: BigInt(`0x${leaving.memberId}`),
  });
  // Of an attempt whose outcome was unknown, the list tells.
  if (removed.kind !== 'ok' && (await find(world, (each) => isCalled(each, leaving))) !== null) {
    world.mayEnd.delete(leaving.name);
    return { skipped: removed.error };
  }
  leaving.isGone = true;
  await leaving.kill();
  const { url, start } = await cluster.newcomer();
  cluster.forget(leaving);
  const left = { left: leaving.name };
  const added = await ask(world, null, methods.memberAdd, { peerURLs: [url], isLearner: true });
  const found = await find(world, ({ peerURLs }) => peerURLs.includes(url));
  if (found === null || found === 'unknown') {
    const why = added.kind === 'ok' ? 'it is not in the list' : added.error;
    world.problem('members change', `${leaving.name} is gone, and none came: ${why}`);
    return { value: left, end: nothingToEnd };
  }
  const joining = start();
  const value = { ...left, joined: joining.name };
  const promoted = await ask(world, joining, methods.memberPromote, { ID: found.ID });
  const now = promoted.kind === 'ok' ? null : await find(world, ({ ID }) => ID === found.ID);
  if (promoted.kind !== 'ok' && (now === null || now === 'unknown' || now.isLearner)) {
    world.problem('members change', `${joining.name} was not promoted: ${promoted.error}`);
  }
  return { value, end: nothingToEnd };
}

function isCalled({ ID }: etcd.Member, member: Member): boolean {
  return ID === BigInt(`0x${member.memberId}`);
}

/** @returns the member in the cluster's list, null when there is none */
async function find(
  world: FaultWorld,
  isIt: (member: etcd.Member) => boolean,
): Promise<etcd.Member | null | 'unknown'> {
  const list = await ask(world, null, methods.memberList, { linearizable: true });
  if (list.kind !== 'ok') return 'unknown';
  return list.answer.members.find(isIt) ?? null;
}

/** Asks one member after the other, until one does it or the time is over. */
async function ask<Q, A extends { readonly header: etcd.ResponseHeader | null }>(
  { cluster, pause, stop }: FaultWorld,
  except: Member | null,
  method: Method<Q, A>,
  request: Init<Q>,
): Promise<Outcome<A>> {
  const deadlineMs = performance.now() + limitMs;
  let last: Outcome<A> = { kind: 'fail', error: 'nobody was asked' };
  for (let turn = 0; performance.now() < deadlineMs && !stop.aborted; turn++) {
    const others = cluster.members.filter((member) => member !== except);
    const member = others[turn % others.length];
    if (member === undefined) break;
    const connection = connectTo(member.endpoint);
    last = await connection.call(method, request);
    connection.close();
    // After an open outcome the second answer tells: it is there already, or not any more.
    if (last.kind === 'ok' || last.error.startsWith('UNIMPLEMENTED')) return last;
    await pause(lookAgainMs);
  }
  return last;
}
