import { type Configuration, majorityConfiguration, type NodeId } from '@quorate/schema';
import { changeConfiguration, leaveJoint } from '../../src/membership/change.ts';
import type {
  MembershipRefusalReason,
  MembershipStep,
} from '../../src/membership/membership-change.ts';
import { Progress } from '../../src/replication/progress.ts';
import type { Directive } from './parse-cases.ts';

const stateNames = {
  probe: 'StateProbe',
  replicate: 'StateReplicate',
  snapshot: 'StateSnapshot',
} as const;

/** How a refusal is called in case files; by command where they tell more apart than we do. */
const refusals: { readonly [Reason in MembershipRefusalReason]?: string } = {
  noVoters: 'removed all voters',
  manyVoters: 'more than one voter changed without entering joint config',
  empty: "can't make a zero-voter config joint",
  notJoint: "can't leave a non-joint config",
};
const jointRefusals: { readonly [command: string]: string } = {
  simple: "can't apply simple config change in joint config",
  'enter-joint': 'config is already joint',
};

/** The configuration of a group that changes, and what its leader tracks of its members. */
export class ConfchangeRun {
  #configuration: Configuration = majorityConfiguration([]);
  #progress = new Map<NodeId, Progress>();
  #lastIndex = 0;

  /** What the command prints. The log grows by one entry, whatever becomes of it. */
  run(directive: Directive): string {
    const output = this.#command(directive);
    this.#lastIndex += 1;
    return output;
  }

  #command(directive: Directive): string {
    const { command, args } = directive;
    const tokens = directive.input.flatMap((line) => line.split(/\s+/)).filter((one) => one !== '');
    const steps = tokens.map(stepOf);
    const unknown = steps.indexOf('unknown');
    if (unknown >= 0) return `error: '${tokens[unknown]}' is no change`;
    const autoLeave = args.find((arg) => arg.key === 'autoleave')?.values ?? ['false'];
    const surplus = args.find((arg) => command !== 'enter-joint' || arg.key !== 'autoleave');
    if (surplus !== undefined) return `error: ${command} has no argument '${surplus.key}'`;
    if (autoLeave.length !== 1 || !/^(true|false)$/.test(autoLeave[0] as string)) {
      return 'error: autoleave is true or false';
    }
    if (command === 'leave-joint' && tokens.length > 0) return 'error: leave-joint has no input';
    const taken = steps.filter((step) => step !== null && step !== 'unknown');
    const mode = autoLeave[0] === 'true' ? 'jointAutoLeave' : 'joint';
    const result =
      command === 'leave-joint'
        ? leaveJoint(this.#configuration)
        : changeConfiguration(this.#configuration, {
            steps: taken,
            mode: command === 'simple' ? 'simple' : mode,
          });
    if ('refused' in result) {
      const { reason, message } = result.refused;
      if (reason === 'joint') return jointRefusals[command] ?? message;
      return refusals[reason] ?? message;
    }
    this.#configuration = result.configuration;
    this.#track(taken);
    return this.#print();
  }

  /** A node that goes and comes back within one change is a new peer, unless it still votes. */
  #track(steps: readonly MembershipStep[]): void {
    const { voters, votersOutgoing, learners } = this.#configuration;
    for (const { kind, id } of steps) {
      if (kind !== 'remove') this.#admit(id);
      else if (!votersOutgoing.includes(id)) this.#progress.delete(id);
    }
    const staying = new Set([...voters, ...votersOutgoing, ...learners]);
    for (const id of this.#progress.keys()) if (!staying.has(id)) this.#progress.delete(id);
  }

  #admit(id: NodeId): void {
    if (this.#progress.has(id)) return;
    const limits = { maxInflightMessages: 256, maxInflightBytes: 2 ** 20 };
    this.#progress.set(id, new Progress(Math.max(this.#lastIndex, 1), 0, limits));
  }

  #print(): string {
    const { voters, votersOutgoing, learners, learnersNext, autoLeave } = this.#configuration;
    const outgoing = votersOutgoing.length > 0 ? `&&${list(votersOutgoing)}` : '';
    const parts = [`voters=${list(voters)}${outgoing}`];
    if (learners.length > 0) parts.push(`learners=${list(learners)}`);
    if (learnersNext.length > 0) parts.push(`learners_next=${list(learnersNext)}`);
    if (autoLeave) parts.push('autoleave');
    const peers = [...this.#progress].sort(([a], [b]) => a - b);
    const lines = peers.map(([id, progress]) => {
      const learner = learners.includes(id) ? ' learner' : '';
      const indexes = `match=${progress.matchIndex} next=${progress.nextIndex}`;
      return `${id}: ${stateNames[progress.state]} ${indexes}${learner}`;
    });
    return [parts.join(' '), ...lines].join('\n');
  }
}

function list(ids: readonly NodeId[]): string {
  return `(${ids.join(' ')})`;
}

/** @returns null for what changes nothing: `uN`, and node 0 */
function stepOf(token: string): MembershipStep | null | 'unknown' {
  const match = /^([vlru])(\d+)$/.exec(token);
  if (match === null) return 'unknown';
  const id = Number(match[2]);
  if (id === 0 || match[1] === 'u') return null;
  if (match[1] === 'v') return { kind: 'addVoter', id };
  return match[1] === 'l' ? { kind: 'addLearner', id } : { kind: 'remove', id };
}
