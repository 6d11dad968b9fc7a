import { unreachable } from '@quorate/base';
import type { RuntimeError } from '@quorate/runtime';
import { type RpcError, rpcErrors } from './rpc-error.ts';

/**
 * What a client is told when its command or read did not go through. None of these texts is one
 * after which clients send a write again by themselves; where nothing was appended and where the
 * outcome is open are both `unavailable` to them.
 */
export function rpcErrorOfRuntime(error: RuntimeError): RpcError {
  const { code } = error;
  switch (code) {
    case 'RUNTIME_NO_LEADER':
      return rpcErrors.noLeader;
    case 'RUNTIME_NOT_LEADER':
    case 'RUNTIME_PROPOSAL_LOST':
      return rpcErrors.leaderChanged;
    case 'RUNTIME_OVERLOADED':
      return rpcErrors.tooManyRequests;
    case 'RUNTIME_COMMAND_TOO_LARGE':
      return rpcErrors.requestTooLarge;
    case 'RUNTIME_STORAGE_FULL':
      return rpcErrors.diskFull;
    case 'RUNTIME_STOPPING':
    case 'RUNTIME_HALTED':
      return rpcErrors.serverStopped;
    case 'RUNTIME_READ_TIMEOUT':
      return rpcErrors.timedOut;
    // None of these is asked for by a service yet that answers with this; they are no failures of a
    // command, and a client may ask again.
    case 'RUNTIME_DURABILITY_UNMET':
    case 'RUNTIME_CHANGE_REFUSED':
    case 'RUNTIME_TRANSFER_FAILED':
      return rpcErrors.timedOut;
    case 'RUNTIME_OUTCOME_UNKNOWN':
      return outcomeUnknown(error as RuntimeError<'RUNTIME_OUTCOME_UNKNOWN'>);
    default:
      return unreachable(code);
  }
}

function outcomeUnknown(error: RuntimeError<'RUNTIME_OUTCOME_UNKNOWN'>): RpcError {
  switch (error.metadata.reason) {
    case 'linkLost':
      return rpcErrors.timedOutConnectionLost;
    case 'stopping':
      return rpcErrors.serverStopped;
    case 'timeout':
    case 'snapshot':
    // Only those who ask in promises, or through sessions of the runtime's, are told these.
    case 'aborted':
    case 'session':
      return rpcErrors.timedOut;
  }
}
