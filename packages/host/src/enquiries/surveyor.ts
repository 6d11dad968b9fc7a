import { type Address, formatAddress, parseAddress, type Timers } from '@quorate/base';
import type { GroupId, NodeId } from '@quorate/schema';
import type { LimitedEnquirer } from './limited-enquirer.ts';
import {
  type ClusterDescription,
  type DescribedGroup,
  encodeRequest,
  parseAnswer,
} from './messages.ts';

/** What the nodes that answered say, merged: of each group the newest configuration. */
export interface Survey {
  readonly groups: ReadonlyMap<GroupId, DescribedGroup>;
  /**
   * What leaders themselves have told of their groups, which is not of long ago. In `groups` may be
   * a configuration that is newer and was never committed.
   */
  readonly confirmed: ReadonlyMap<GroupId, DescribedGroup>;
  /** Who answered, and where; this node included. */
  readonly nodes: ReadonlyMap<NodeId, Address>;
}

export interface SurveyorOptions {
  readonly nodeId: NodeId;
  readonly own: () => Address;
  readonly enquirer: Pick<LimitedEnquirer, 'ask'>;
  readonly timers: Timers;
  /** Whom to ask first; whom those name is asked then. */
  readonly known: (group: GroupId | null) => readonly Address[];
  /** What this node would answer itself. */
  readonly describe: (group: GroupId | null) => ClusterDescription;
  readonly answerTimeoutMs: number;
}

/** Nobody's cluster is larger; what is named beyond is not asked. */
const mostNodes = 256;

/** Finds out where groups are, by asking every node that is known to anyone. */
export class Surveyor {
  readonly #options: SurveyorOptions;

  constructor(options: SurveyorOptions) {
    this.#options = options;
  }

  /**
   * @param group null: all of them
   * @param done once all have answered or had their time; for one group as soon as its leader has
   */
  survey(group: GroupId | null, done: (survey: Survey) => void): void {
    const { nodeId, known, describe, timers } = this.#options;
    const own = this.#options.own();
    const view = new SurveyInProgress(describe(group));
    view.nodes.set(nodeId, own);
    const asked = new Set([formatAddress(own)]);
    let waiting = 0;
    let isDone = false;
    const settle = (): void => {
      if (isDone || (waiting > 0 && (group === null || !view.confirmed.has(group)))) return;
      isDone = true;
      done(view);
    };
    const ask = (address: Address): void => {
      const key = formatAddress(address);
      if (isDone || asked.has(key) || asked.size >= mostNodes) return;
      asked.add(key);
      waiting += 1;
      this.#ask(address, group, (answer) => {
        waiting -= 1;
        if (answer !== null) {
          view.nodes.set(answer.nodeId, address);
          view.add(answer);
          for (const found of addressesIn(answer)) ask(found);
        }
        settle();
      });
    };
    for (const address of [...known(group), ...addressesIn(describe(group))]) ask(address);
    if (waiting === 0 || (group !== null && view.confirmed.has(group))) timers.defer(settle);
  }

  #ask(
    address: Address,
    group: GroupId | null,
    answered: (answer: ClusterDescription | null) => void,
  ): void {
    const { enquirer, answerTimeoutMs } = this.#options;
    const request = encodeRequest({ kind: 'describe', ...(group === null ? {} : { group }) });
    enquirer.ask(address, request, answerTimeoutMs, (_error, body) => {
      const answer = body === null ? null : parseAnswer(body);
      answered(answer?.kind === 'described' ? answer : null);
    });
  }
}

class SurveyInProgress implements Survey {
  readonly groups = new Map<GroupId, DescribedGroup>();
  readonly nodes = new Map<NodeId, Address>();
  readonly confirmed = new Map<GroupId, DescribedGroup>();

  constructor(own: ClusterDescription) {
    this.add(own);
  }

  add({ nodeId, groups }: ClusterDescription): void {
    for (const described of groups) {
      const { id, index, leader, members } = described;
      // Who has no part in it and never had knows nothing of it.
      if (members.length === 0) continue;
      const known = this.groups.get(id);
      const isLeader = leader === nodeId;
      const led = this.confirmed.get(id);
      if (isLeader && (led === undefined || index > led.index)) this.confirmed.set(id, described);
      const isNewer = known === undefined || index > known.index;
      const knowsMore = index === known?.index && (isLeader || known.leader === 0);
      if (isNewer || knowsMore) this.groups.set(id, described);
    }
  }
}

function addressesIn({ groups }: ClusterDescription): readonly Address[] {
  const found = new Set<string>();
  for (const { members } of groups) for (const { address } of members) found.add(address);
  return [...found].map(parseAddress).filter((address) => address !== null);
}
