import { RuntimeError } from '@quorate/runtime';
import type { GroupId } from '@quorate/schema';
import type { EnquiryHandler } from '@quorate/transport';
import {
  answerHeadBytes,
  decodeReachRequest,
  encodeReachAnswer,
  type ReachAnswer,
  type ReachRequest,
} from './reach-messages.ts';
import type { ReachedGroup } from './reached-group.ts';

type Failed = Extract<ReachAnswer, { kind: 'failed' }>;
type Reply = (answer: ReachAnswer) => void;

/** Nothing was appended, and another member may do better. */
const declining: ReadonlySet<string> = new Set(['RUNTIME_NOT_LEADER', 'RUNTIME_STOPPING']);

/** Serves nodes that are no members of a group which this node is a voter of. */
export class ReachDesk {
  readonly #served: (group: GroupId) => ReachedGroup | null;
  readonly #maxAnswerBytes: number;

  /** @param served null for a group that is not here, or serves nobody */
  constructor(served: (group: GroupId) => ReachedGroup | null, maxFrameBytes: number) {
    this.#served = served;
    this.#maxAnswerBytes = maxFrameBytes - 2 * answerHeadBytes;
  }

  readonly handle: EnquiryHandler = (bytes, answer) => {
    const reply: Reply = (told) => answer(encodeReachAnswer(told));
    const request = decodeReachRequest(bytes);
    const served = request === null ? null : this.#served(request.group);
    if (request === null || served === null || !canServe(request, served)) {
      reply({ kind: 'elsewhere', leader: served?.leader ?? 0 });
    } else if (request.kind === 'propose') {
      this.#propose(request, served, reply);
    } else {
      this.#query(request, served, reply);
    }
  };

  #propose(
    { command, durability }: Extract<ReachRequest, { kind: 'propose' }>,
    reached: ReachedGroup,
    reply: Reply,
  ): void {
    const { service, leader } = reached;
    reached.proposeHere(
      command,
      (error, applied) => {
        if (applied === null) {
          reply(refusalOf(error));
          return;
        }
        const { index } = applied;
        let result: Uint8Array;
        try {
          result = service.encodeResult(applied.result);
        } catch (thrown) {
          reply(answerLost(index, messageOf(thrown)));
          return;
        }
        if (result.length <= this.#maxAnswerBytes) {
          reply({ kind: 'applied', leader, index, result });
        } else {
          reply(answerLost(index, `it has ${result.length} bytes`));
        }
      },
      durability === null ? {} : { durability },
    );
  }

  #query(
    request: Extract<ReachRequest, { kind: 'query' }>,
    reached: ReachedGroup,
    reply: Reply,
  ): void {
    const { leader } = reached;
    reached.queryHere(request.query, request, (error, answer) => {
      if (answer === null) {
        const reason = messageOf(error);
        // What the barrier says another member may say otherwise; the rest is the machine's own.
        if (error instanceof RuntimeError) reply({ kind: 'elsewhere', leader: 0 });
        else reply(queryFailed(reason));
      } else if (answer.length <= this.#maxAnswerBytes) {
        reply({ kind: 'answered', leader, answer });
      } else {
        reply(queryFailed(`the answer has ${answer.length} bytes`));
      }
    });
  }
}

/** What is here however old is all that a `local` query asks for. */
function canServe(request: ReachRequest, { place, isVoter }: ReachedGroup): boolean {
  return (
    place === 'here' || (request.kind === 'query' && request.consistency === 'local' && isVoter)
  );
}

function refusalOf(error: Error | null): ReachAnswer {
  const { code, metadata } = (error ?? {}) as {
    readonly code?: string;
    readonly metadata?: object;
  };
  if (code !== undefined && declining.has(code)) return { kind: 'elsewhere', leader: 0 };
  return {
    kind: 'failed',
    code: code ?? 'RUNTIME_OUTCOME_UNKNOWN',
    message: messageOf(error),
    metadata: { ...metadata },
  };
}

function answerLost(index: number, why: string): ReachAnswer {
  const reason = why.slice(0, 1000);
  return {
    kind: 'failed',
    code: 'HOST_ANSWER_LOST',
    message:
      `the command was applied, at index ${index}; its answer could not be sent to the node that ` +
      `asked: ${reason}. Do not propose it again; read what it did`,
    metadata: { index, reason },
  };
}

function queryFailed(why: string): Failed {
  const reason = why.slice(0, 1000);
  const message = `the state machine of a member elsewhere did not answer the query: ${reason}`;
  return { kind: 'failed', code: 'HOST_QUERY_FAILED', message, metadata: { reason } };
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
