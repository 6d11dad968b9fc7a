import { HostError } from '@quorate/host';
import { RuntimeError } from '@quorate/runtime';
import { type RpcError, rpcErrors } from '../rpc-error.ts';
import { rpcErrorOfRuntime } from '../runtime-failure.ts';

export interface ChangeFailure {
  readonly rpc: RpcError;
  /** Nothing has happened, and nothing will. */
  readonly isFinal: boolean;
}

/** What a client is told of a change of members that was not made, or that may yet be. */
export function changeFailure(error: Error): ChangeFailure {
  if (error instanceof RuntimeError) return runtimeFailure(error);
  if (!(error instanceof HostError)) throw error;
  if (error.code !== 'HOST_REQUEST_REFUSED') return { rpc: rpcErrors.timedOut, isFinal: false };
  const rpc = refusals.get((error as HostError<'HOST_REQUEST_REFUSED'>).metadata.code);
  return { rpc: rpc ?? rpcErrors.timedOut, isFinal: rpc !== undefined };
}

const refusals: ReadonlyMap<string, RpcError> = new Map([
  ['NODE_ADDRESS_TAKEN', rpcErrors.peerUrlsExist],
  ['NODE_ID_TAKEN', rpcErrors.memberIdExists],
  ['TOO_MANY_LEARNERS', rpcErrors.tooManyLearners],
  ['LEARNER_BEHIND', rpcErrors.learnerNotReady],
]);

function runtimeFailure(error: RuntimeError): ChangeFailure {
  if (error.code !== 'RUNTIME_CHANGE_REFUSED') {
    return { rpc: rpcErrorOfRuntime(error), isFinal: false };
  }
  const { reason } = (error as RuntimeError<'RUNTIME_CHANGE_REFUSED'>).metadata;
  // Nobody but a last voter could be the reason.
  const rpc =
    reason === 'noVoters' ? rpcErrors.notEnoughStartedMembers : rpcErrors.unhealthyCluster;
  return { rpc, isFinal: true };
}
