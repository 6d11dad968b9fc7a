import type { NodeId } from '@quorate/schema';
import type { EtcdResult } from '../etcd-state-machine.ts';
import { type RpcError, rpcErrors } from '../rpc-error.ts';
import { rpcErrorOfRuntime } from '../runtime-failure.ts';
import type { ServiceContext } from '../service-context.ts';
import { changeFailure } from './change-failure.ts';
import { type MemberCommand, memberCommand } from './member-command.ts';
import { type MemberView, membersIn } from './member-view.ts';
import { addressOfUrl } from './peer-url.ts';
import { additionRefusal, promotionRefusal, removalRefusal } from './strict-rules.ts';

/** As etcd has it unless it is told otherwise. */
const mostLearners = 1;

/** Null: it is done. */
type ChangeDone = (error: RpcError | null) => void;

/**
 * Changes of members, from whichever node is asked. What is written down of a member goes before
 * the configuration that takes it in, and after the one that leaves it out, so that whoever is a
 * member is known in full; what is left over when a node dies in between, `MemberKeeper` clears up.
 */
export class MemberChanges {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /** @param done with the id of the new member */
  add(
    peerUrls: readonly string[],
    isLearner: boolean,
    done: (error: RpcError | null, id: NodeId) => void,
  ): void {
    const { membership } = this.#context.options;
    const members = this.members;
    const refusal =
      additionRefusal(members, isLearner, this.#isConnected) ?? urlsRefusal(members, peerUrls, 0);
    if (refusal !== null) {
      done(refusal, 0);
      return;
    }
    const id = membership.newId();
    this.#locate(id, peerUrls, (failed) => {
      if (failed !== null) {
        done(failed, 0);
        return;
      }
      const address = addressOfUrl(peerUrls[0] ?? '');
      const member = { address, promote: !isLearner };
      const conditions = isLearner ? { mostLearners } : {};
      membership.change([{ kind: 'addLearner', id, member }], conditions, (error) => {
        if (error === null) {
          done(null, id);
          return;
        }
        const { rpc, isFinal } = changeFailure(error);
        if (isFinal) this.#forget(id, () => done(rpc, 0));
        else done(rpc, 0);
      });
    });
  }

  remove(id: NodeId, done: ChangeDone): void {
    const { membership, group } = this.#context.options;
    const members = this.members;
    const removed = members.find((one) => one.id === id);
    const refusal =
      removed === undefined
        ? rpcErrors.memberNotFound
        : removalRefusal(members, removed, this.#isConnected);
    if (refusal !== null) {
      done(refusal);
      return;
    }
    membership.change([{ kind: 'remove', id }], {}, (error) => {
      if (error !== null) done(changeFailure(error).rpc);
      // Nobody takes in what a node says that has just been removed.
      else if (id === group.status().node) done(null);
      else this.#forget(id, () => done(null));
    });
  }

  promote(id: NodeId, done: ChangeDone): void {
    const members = this.members;
    const promoted = members.find((one) => one.id === id);
    let refusal: RpcError | null = null;
    if (promoted === undefined) refusal = rpcErrors.memberNotFound;
    else if (!promoted.isLearner) refusal = rpcErrors.memberNotLearner;
    // One that has never started has nothing, and a small log would not show it.
    else if (promoted.name === '') refusal = rpcErrors.learnerNotReady;
    else refusal = promotionRefusal(members);
    if (refusal !== null) {
      done(refusal);
      return;
    }
    const { membership } = this.#context.options;
    membership.change([{ kind: 'addVoter', id }], { caughtUp: id }, (error) =>
      done(error === null ? null : changeFailure(error).rpc),
    );
  }

  /** The links follow as soon as the leader has seen it; see `MemberKeeper`. */
  update(id: NodeId, peerUrls: readonly string[], done: ChangeDone): void {
    const members = this.members;
    const isMember = members.some((one) => one.id === id);
    const refusal = isMember ? urlsRefusal(members, peerUrls, id) : rpcErrors.memberNotFound;
    if (refusal === null) this.#locate(id, peerUrls, done);
    else done(refusal);
  }

  get members(): readonly MemberView[] {
    return membersIn(this.#context.options);
  }

  readonly #isConnected = (id: NodeId): boolean => {
    const { membership, group } = this.#context.options;
    return id === group.status().node || membership.isConnected(id);
  };

  #locate(member: NodeId, peerUrls: readonly string[], done: ChangeDone): void {
    const among = this.members.map(({ id }) => id);
    this.#propose({ kind: 'locate', member, peerUrls, among }, (error, result) => {
      if (error !== null) done(error);
      else if (result?.kind === 'member' && result.outcome === 'done') done(null);
      else done(rpcErrors.peerUrlsExist);
    });
  }

  /** What cannot be cleared up now is cleared up later. */
  #forget(member: NodeId, then: () => void): void {
    this.#propose({ kind: 'forget', member }, () => then());
  }

  #propose(
    command: MemberCommand,
    done: (error: RpcError | null, result: EtcdResult | null) => void,
  ): void {
    this.#context.group.propose(memberCommand(command), (error, applied) => {
      if (error === null) done(null, applied?.result ?? null);
      else done(rpcErrorOfRuntime(error), null);
    });
  }
}

/** @param but whose URLs these may be already; 0: nobody's */
function urlsRefusal(
  members: readonly MemberView[],
  peerUrls: readonly string[],
  but: NodeId,
): RpcError | null {
  const taken = members.some(
    (one) => one.id !== but && one.peerUrls.some((url) => peerUrls.includes(url)),
  );
  return taken ? rpcErrors.peerUrlsExist : null;
}
