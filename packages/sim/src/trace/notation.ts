import type { Role } from '@quorate/raft';
import { messageText } from './message-text.ts';
import type { TracedTurn, TraceEvent } from './trace-event.ts';

const letters: Readonly<Partial<Record<Role, string>>> = {
  follower: 'F',
  preCandidate: 'P',
  candidate: 'C',
  leader: 'L',
  learner: 'N',
};

/**
 * One line of text for one event:
 *
 * ```
 *    336.027 n1.g1 L3 v1 log 8/3 d7 c6 a6 | n2→n1 ACK t3 m7 | n1→n2 APP t3 (8/3)+1 c7
 * ```
 * Time in virtual milliseconds; node and group; role and term; vote; last index and its term;
 * durable, commit, applied index; what came in, then what went out.
 */
export function traceText(event: TraceEvent): string {
  const time = event.atMs.toFixed(3).padStart(10);
  switch (event.kind) {
    case 'turn':
      return `${time} ${turnText(event)}`;
    case 'strike':
      return `${time} !! ${event.nemesis}`;
    case 'node':
      return `${time} n${event.node} ** ${event.what}${event.why === '' ? '' : `: ${event.why}`}`;
    default: {
      const rest = Object.entries(event.fields).map(([name, value]) => ` ${name}=${String(value)}`);
      return `${time} n${event.node} ${event.event}${rest.join('')}`;
    }
  }
}

function turnText(turn: TracedTurn): string {
  const { node, group, role, term, votedFor, lastIndex, lastTerm } = turn;
  const { durableIndex, commitIndex, appliedIndex } = turn;
  const letter = letters[role] ?? role;
  const vote = votedFor === 0 ? 'v-' : `v${votedFor}`;
  const state =
    `n${node}.g${group} ${letter}${term} ${vote} log ${lastIndex}/${lastTerm ?? '-'} ` +
    `d${durableIndex} c${commitIndex} a${appliedIndex}`;
  return [state, ...turn.received.map(messageText), ...turn.sent.map(messageText)].join(' | ');
}

/** The same as one JSON object; messages as in the text. */
export function traceJson(event: TraceEvent): string {
  if (event.kind !== 'turn') return JSON.stringify(event);
  const { received, sent, ...state } = event;
  return JSON.stringify({
    ...state,
    received: received.map(messageText),
    sent: sent.map(messageText),
  });
}
