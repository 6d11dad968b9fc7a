import { type Address, assert, formatAddress, type Ports, parseAddress } from '@quorate/base';
import type { MembershipRefusalReason, TransferRefusal } from '@quorate/raft';
import { RuntimeError } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import { HostError } from '../host-error.ts';
import type { LimitedEnquirer } from './limited-enquirer.ts';
import { type ClusterAnswer, type ClusterRequest, encodeRequest, parseAnswer } from './messages.ts';

export type AskDone = (error: Error | null, answer: ClusterAnswer | null) => void;

export interface AskerOptions extends Pick<Ports, 'timers' | 'clock'> {
  readonly enquirer: Pick<LimitedEnquirer, 'ask'>;
  /** Of groups that this node has. */
  readonly nameOf: (group: GroupId) => string | null;
  /** For one answer. */
  readonly answerTimeoutMs: number;
}

type Refused = Extract<ClusterAnswer, { kind: 'refused' }>;

/** Between two attempts of one request. */
const pauseMs = 100;

/** What another leader, or this one in a moment, may answer otherwise. */
const passing: ReadonlySet<string> = new Set([
  'RUNTIME_NOT_LEADER',
  'RUNTIME_NO_LEADER',
  'RUNTIME_OVERLOADED',
  'RUNTIME_STOPPING',
  'RUNTIME_STORAGE_FULL',
  'RUNTIME_PROPOSAL_LOST',
  'RUNTIME_OUTCOME_UNKNOWN',
  'RUNTIME_HALTED',
  'GROUP_UNKNOWN',
]);
const passingRefusals: ReadonlySet<string> = new Set<MembershipRefusalReason>([
  'tooEarly',
  'changePending',
  'joint',
  'transferring',
]);

const passingTransfers: ReadonlySet<string> = new Set<TransferRefusal>([
  'notCaughtUp',
  'transferring',
]);

/**
 * Asks the cluster until somebody who may answer has answered. Everything asked here may be asked
 * twice: what is so already is not done again.
 */
export class ClusterAsker {
  readonly #options: AskerOptions;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /**
   * @param contacts asked in turn, unless one of them names the leader
   * @param done a `changed`, `transferred` or `described` answer; or RuntimeError
   *   RUNTIME_CHANGE_REFUSED, RUNTIME_TRANSFER_FAILED, HostError HOST_REQUEST_REFUSED,
   *   HOST_CLUSTER_UNREACHABLE
   */
  ask(
    request: ClusterRequest,
    contacts: readonly Address[],
    timeoutMs: number,
    done: AskDone,
  ): void {
    assert(contacts.length > 0, 'there is somebody to ask');
    const { clock, timers, enquirer, answerTimeoutMs, nameOf } = this.#options;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const bytes = encodeRequest(request);
    const name = 'group' in request ? nameOf(request.group ?? 0) : null;
    const attempt = (at: number, named: Address | null): void => {
      const address = named ?? (contacts[at % contacts.length] as Address);
      const next = (reason: string, hint: Address | null): void => {
        if (clock.monotonicMs() + pauseMs < deadlineMs) {
          timers.after(pauseMs, () => attempt(at + 1, hint));
        } else {
          done(unreachable(contacts, timeoutMs, reason), null);
        }
      };
      const leftMs = Math.max(pauseMs, deadlineMs - clock.monotonicMs());
      enquirer.ask(address, bytes, Math.min(answerTimeoutMs, leftMs), (error, body) => {
        if (body === null) {
          next(error?.message ?? 'no answer', null);
          return;
        }
        const answer = parseAnswer(body);
        if (answer === null) next('the node gave an answer this version does not know', null);
        else if (answer.kind !== 'refused') done(null, answer);
        else if (isPassing(answer)) next(wordsOf(answer, name), parseAddress(answer.leaderAddress));
        else done(refusedError(answer, request), null);
      });
    };
    attempt(0, null);
  }
}

function isPassing({ code, reason }: Refused): boolean {
  if (code === 'RUNTIME_CHANGE_REFUSED') return passingRefusals.has(reason);
  if (code === 'RUNTIME_TRANSFER_FAILED') return passingTransfers.has(reason);
  return passing.has(code);
}

/** Others know a group they do not have by its number alone. */
function wordsOf({ code, message }: Refused, name: string | null): string {
  return code === 'GROUP_UNKNOWN' && name !== null ? `that node has no group '${name}'` : message;
}

function refusedError({ code, message, reason }: Refused, request: ClusterRequest): Error {
  if (code === 'RUNTIME_CHANGE_REFUSED') {
    return new RuntimeError(code, message, { reason: reason as MembershipRefusalReason });
  }
  if (code === 'RUNTIME_TRANSFER_FAILED')
    return new RuntimeError(code, message, {
      to: request.kind === 'transfer' ? request.to : 0,
      reason,
    });
  return new HostError('HOST_REQUEST_REFUSED', `the cluster refused: ${message}`, { code });
}

function unreachable(contacts: readonly Address[], timeoutMs: number, reason: string): HostError {
  const asked = contacts.map(formatAddress).join(', ');
  return new HostError(
    'HOST_CLUSTER_UNREACHABLE',
    `nobody who could answer did within ${Math.round(timeoutMs)} ms; asked ${asked}. ` +
      `Last: ${reason}. Check that these nodes run, that their group has a leader, and that this ` +
      'machine reaches them',
    { contacts: asked, reason },
  );
}
