import { type Address, formatAddress, parseAddress } from '@quorate/base';
import type { GroupHandle, RuntimeError } from '@quorate/runtime';
import type { GroupId, NodeId } from '@quorate/schema';
import { Enquirer } from '@quorate/transport';
import type { HostGroup, HostOptions, HostTuning } from '../host.ts';
import { ClusterAsker } from './cluster-asker.ts';
import type { ClusterDesk } from './cluster-desk.ts';
import { type Asking, createEnquiryMetrics } from './enquiry-metrics.ts';
import { LimitedEnquirer } from './limited-enquirer.ts';
import { encodeRequest, type MetMember, parseAnswer } from './messages.ts';
import { ReachedGroup } from './reached-group.ts';
import { type Survey, Surveyor } from './surveyor.ts';

export interface OutreachOptions {
  readonly host: HostOptions;
  readonly tuning: HostTuning;
  readonly maxFrameBytes: number;
  readonly desk: Pick<ClusterDesk, 'describe'>;
  readonly group: (id: GroupId) => GroupHandle<unknown>;
  /** Members of the group, as far as this node knows them. */
  readonly others: (id: GroupId) => readonly Address[];
  readonly own: () => Address;
}

/** For an answer that needs nobody's consent. */
const describeTimeoutMs = 1000;

/** All that a host asks of other nodes beside the groups' own messages. */
export class Outreach {
  /** Of the cluster: rare, and must not wait behind the others. */
  readonly asker: ClusterAsker;
  readonly #options: OutreachOptions;
  readonly #enquirers: readonly LimitedEnquirer[];
  readonly #control: Asking;
  readonly #data: Asking;
  readonly #surveyor: Surveyor;
  readonly #reached = new Map<GroupId, ReachedGroup>();

  constructor(options: OutreachOptions) {
    const { host, tuning, maxFrameBytes, desk } = options;
    const { ports, clusterId, nodeId, groups } = host;
    this.#options = options;
    const enquirer = (): LimitedEnquirer => {
      const direct = new Enquirer({ ...ports, clusterId, nodeId, maxFrameBytes });
      return new LimitedEnquirer(direct, ports.clock);
    };
    const [ofControl, ofData] = [enquirer(), enquirer()];
    this.#enquirers = [ofControl, ofData];
    const metrics = createEnquiryMetrics(ports.metrics, ports.clock);
    const control = metrics.asking(ofControl);
    this.#control = control;
    this.#data = metrics.asking(ofData);
    this.asker = new ClusterAsker({
      ...ports,
      nameOf: (id) => groups.find((one) => one.id === id)?.name ?? null,
      enquirer: control,
      // A change is answered when it is committed.
      answerTimeoutMs: 2 * tuning.requestTimeoutMs,
    });
    this.#surveyor = new Surveyor({
      nodeId,
      own: options.own,
      enquirer: control,
      timers: ports.timers,
      known: (group) => this.#known(group),
      describe: (group) => desk.describe(group),
      answerTimeoutMs: describeTimeoutMs,
    });
    for (const group of groups) this.#reach(group);
  }

  #reach({ id, service }: HostGroup): void {
    if (service === undefined) return;
    const { host, tuning, group } = this.#options;
    const { ports, nodeId } = host;
    const reached = new ReachedGroup({
      id,
      nodeId,
      handle: group(id),
      service,
      enquirer: this.#data,
      timers: ports.timers,
      clock: ports.clock,
      tuning,
      locate: (done) => this.survey(id, (survey) => done(survey.groups.get(id) ?? null)),
    });
    this.#reached.set(id, reached);
  }

  /** @returns null for a group without a service */
  reached(id: GroupId): ReachedGroup | null {
    return this.#reached.get(id) ?? null;
  }

  survey(group: GroupId | null, done: (survey: Survey) => void): void {
    this.#surveyor.survey(group, (survey) => {
      for (const found of survey.groups.values()) this.#reached.get(found.id)?.located(found);
      done(survey);
    });
  }

  introduce(
    address: Address,
    group: GroupId,
    members: readonly MetMember[],
    timeoutMs: number,
    done: (error: Error | null, node: MetMember | null) => void,
  ): void {
    this.asker.ask({ kind: 'meet', group, members }, [address], timeoutMs, (error, answer) => {
      if (answer?.kind === 'met') done(null, { id: answer.nodeId, address: answer.address });
      else done(error, null);
    });
  }

  release(
    address: Address,
    group: GroupId,
    timeoutMs: number,
    done: (error: Error | null) => void,
  ): void {
    this.asker.ask({ kind: 'release', group }, [address], timeoutMs, (error) => done(error));
  }

  /** See `Host.askAbout`. @param about of the node that it is about */
  askAbout(
    voter: Address,
    group: GroupId,
    about: NodeId,
    done: (answers: boolean | null) => void,
  ): void {
    const request = encodeRequest({ kind: 'probe', group, node: about });
    // It asks in its turn.
    this.#control.ask(voter, request, 2 * describeTimeoutMs, (_error, body) => {
      const answer = body === null ? null : parseAnswer(body);
      done(answer?.kind === 'probed' ? answer.answers : null);
    });
  }

  /** Whether the node that listens there is this one, and answers. */
  probe(address: Address, node: NodeId, group: GroupId, done: (answers: boolean) => void): void {
    const request = encodeRequest({ kind: 'describe', group });
    this.#control.ask(address, request, describeTimeoutMs, (_error, body) => {
      const answer = body === null ? null : parseAnswer(body);
      done(answer?.kind === 'described' && answer.nodeId === node);
    });
  }

  /** Another node has asked this one to release the group; see `Host.release`. */
  released(id: GroupId, done: () => void): void {
    const reached = this.#reached.get(id);
    if (reached === undefined) done();
    else reached.release(done);
  }

  /** Whom to ask about the group: where it was last seen, then members this node knows of. */
  contacts(group: GroupId): readonly Address[] {
    const seen = this.#reached.get(group)?.contacts ?? [];
    return distinct([...seen, ...this.#options.others(group)]);
  }

  close(reason: RuntimeError): void {
    for (const reached of this.#reached.values()) reached.close(reason);
    for (const enquirer of this.#enquirers) enquirer.close();
  }

  #known(group: GroupId | null): readonly Address[] {
    const { host } = this.#options;
    const { contacts = [], members, nodeId } = host;
    const given = [...members].filter(([id]) => id !== nodeId).map(([, address]) => address);
    const found = group === null ? [] : this.contacts(group);
    return distinct([...found, ...given, ...contacts]);
  }
}

function distinct(addresses: readonly Address[]): readonly Address[] {
  return [...new Set(addresses.map(formatAddress))]
    .map(parseAddress)
    .filter((address) => address !== null);
}
