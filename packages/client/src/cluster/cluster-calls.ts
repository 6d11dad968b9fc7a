import { etcd } from '@quorate/schema';
import type { Caller } from '../calls/caller.ts';
import { type Headed, method, methods } from '../calls/methods.ts';
import type { AddMemberOptions, ClientMember, Cluster, MemberChange } from './cluster.ts';

const calls = {
  add: method('Cluster/MemberAdd', etcd.MemberAddRequest, etcd.MemberAddResponse),
  remove: method('Cluster/MemberRemove', etcd.MemberRemoveRequest, etcd.MemberRemoveResponse),
  update: method('Cluster/MemberUpdate', etcd.MemberUpdateRequest, etcd.MemberUpdateResponse),
  promote: method('Cluster/MemberPromote', etcd.MemberPromoteRequest, etcd.MemberPromoteResponse),
};

/** Changes of members are not repeated unless a server has said that it did nothing. */
export class ClusterCalls implements Cluster {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  async members(): Promise<ClientMember[]> {
    const { members } = await this.#caller.read(methods.memberList, { linearizable: true });
    return members.map(memberOf);
  }

  async add(
    peerUrls: readonly string[],
    { isLearner = false }: AddMemberOptions = {},
  ): Promise<MemberChange> {
    const request = { peerURLs: [...peerUrls], isLearner };
    const answer = await this.#caller.write(calls.add, request);
    return changeOf(answer, answer.member?.ID ?? 0n);
  }

  async remove(ID: bigint): Promise<MemberChange> {
    return changeOf(await this.#caller.write(calls.remove, { ID }), ID);
  }

  async update(ID: bigint, peerUrls: readonly string[]): Promise<MemberChange> {
    const request = { ID, peerURLs: [...peerUrls] };
    return changeOf(await this.#caller.write(calls.update, request), ID);
  }

  async promote(ID: bigint): Promise<MemberChange> {
    return changeOf(await this.#caller.write(calls.promote, { ID }), ID);
  }
}

interface ChangeAnswer extends Headed {
  readonly members: readonly etcd.Member[];
}

function changeOf({ header, members: wire }: ChangeAnswer, id: bigint): MemberChange {
  const members = wire.map(memberOf);
  const member = members.find((one) => one.id === id) ?? null;
  return { clusterId: header?.clusterId ?? 0n, member, members };
}

function memberOf({ ID, name, peerURLs, clientURLs, isLearner }: etcd.Member): ClientMember {
  return { id: ID, name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
}
