import { Prng } from '@quorate/base';
import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import { Scheduler } from '@quorate/sim';
import { NodeHeartbeats, type Sleeper } from '../../../src/quiescence/node-heartbeats.ts';

export const heartbeatIntervalMs = 100;
export const electionTimeoutMs = 1000;

/** A group that does as it is told, and counts how often it was woken. */
export class ToldSleeper implements Sleeper {
  readonly id: GroupId;
  readonly term = 1;
  readonly lastIndex = 1;
  readonly others: readonly NodeId[];
  asleep = false;
  wakes = 0;
  /** Whether it sleeps when its leader's does. */
  isWilling = true;

  constructor(id: GroupId, others: readonly NodeId[]) {
    this.id = id;
    this.others = others;
  }

  sleepUnder(): boolean {
    this.asleep = this.isWilling;
    return this.asleep;
  }

  wakeUp(): void {
    this.asleep = false;
    this.wakes += 1;
  }
}

export class PairedNode {
  readonly heartbeats: NodeHeartbeats;
  readonly sleepers = new Map<GroupId, ToldSleeper>();
  readonly sent: PeerMessage[] = [];

  constructor(
    id: NodeId,
    scheduler: Scheduler,
    send: (to: NodeId, message: PeerMessage) => void,
    maxSleepingGroups: number,
  ) {
    this.heartbeats = new NodeHeartbeats({
      nodeId: id,
      heartbeatIntervalMs,
      electionTimeoutMs,
      maxSleepingGroups,
      timers: {
        after: (delayMs, callback) => scheduler.schedule(delayMs, callback),
        defer: (callback) => void scheduler.schedule(0, callback),
      },
      prng: new Prng(id),
      nowMs: () => scheduler.nowMs,
      send: (to, message) => {
        this.sent.push(message);
        send(to, message);
      },
      sleeper: (group) => this.sleepers.get(group),
    });
  }

  sleeper(group: GroupId): ToldSleeper {
    const sleeper = this.sleepers.get(group);
    if (sleeper === undefined) throw new Error(`there is no group ${group}`);
    return sleeper;
  }

  take(message: PeerMessage): void {
    if (message.type === 'NodeHeartbeat') this.heartbeats.received(message);
    if (message.type === 'NodeHeartbeatResponse') this.heartbeats.answered(message);
  }
}

/** Node 1, which leads every group, and node 2, which follows; in virtual time. */
export class NodePair {
  readonly scheduler = new Scheduler();
  readonly leader: PairedNode;
  readonly follower: PairedNode;
  /** Whether a message arrives. */
  arrives: (message: PeerMessage) => boolean = () => true;

  constructor(groupCount: number, roundTripMs: number, maxSleepingGroups = 1000) {
    const send = (to: NodeId, message: PeerMessage): void => {
      if (!this.arrives(message)) return;
      const node = to === 1 ? this.leader : this.follower;
      this.scheduler.schedule(roundTripMs / 2, () => node.take(message));
    };
    this.leader = new PairedNode(1, this.scheduler, send, maxSleepingGroups);
    this.follower = new PairedNode(2, this.scheduler, send, maxSleepingGroups);
    for (let group = 1; group <= groupCount; group += 1) {
      this.leader.sleepers.set(group, new ToldSleeper(group, [2]));
      this.follower.sleepers.set(group, new ToldSleeper(group, [1]));
    }
  }

  fallAsleep(group: GroupId): void {
    const sleeper = this.leader.sleeper(group);
    sleeper.asleep = true;
    this.leader.heartbeats.fellAsleep(sleeper);
  }

  wakeUp(group: GroupId): void {
    this.leader.sleeper(group).asleep = false;
    this.leader.heartbeats.wokeUp(group);
  }

  /** From now on one of these groups after the other wakes or goes to sleep, all the time. */
  churn(groups: readonly GroupId[], everyMs: number): void {
    let position = 0;
    const next = (): void => {
      const group = groups[position % groups.length] as GroupId;
      position += 1;
      if (this.leader.sleeper(group).asleep) this.wakeUp(group);
      else this.fallAsleep(group);
      this.scheduler.schedule(everyMs, next);
    };
    next();
  }

  run(ms: number): void {
    const untilMs = this.scheduler.nowMs + ms;
    while (this.scheduler.step(untilMs));
  }
}
