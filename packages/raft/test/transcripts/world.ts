import assert from 'node:assert/strict';
import type { Configuration, NodeId, RaftMessage } from '@quorate/schema';
import type { RaftOptions } from '../../src/index.ts';
import { Cluster, type Member } from '../support/cluster.ts';
import { effectLines, messageText } from './notation.ts';

/** Which messages a command means: of a link, of a type, or all. */
export type MessagePattern = (message: RaftMessage) => boolean;

/** `1>2`, `*>2`, `AppendEntries`, both, or nothing. */
export function messagePattern(words: readonly string[]): MessagePattern {
  const link = words.find((word) => word.includes('>'));
  const types = words.filter((word) => !word.includes('>'));
  const [from = '*', to = '*'] = link?.split('>') ?? [];
  return (message) =>
    (from === '*' || message.from === Number(from)) &&
    (to === '*' || message.to === Number(to)) &&
    (types.length === 0 || types.includes(message.type));
}

/** The cluster that a transcript drives, and what it has shown since the last command. */
export class World {
  #cluster: Cluster | null = null;
  #lines: string[] = [];
  /** Message types, and `write`, that are not shown. */
  readonly hidden = new Set<string>();
  readonly #holding = new Map<string, MessagePattern>();
  #held: RaftMessage[] = [];
  /** By node: when each other node's own heartbeat was last heard, or answered. */
  readonly #pings = new Map<NodeId, Map<NodeId, number>>();

  get cluster(): Cluster {
    assert(this.#cluster !== null, 'begin with: new 3');
    return this.#cluster;
  }

  begin(configuration: Configuration, options: Partial<RaftOptions>): void {
    const cluster = new Cluster(configuration, options);
    this.#cluster = cluster;
    cluster.onEffects = (id, effects) => {
      for (const line of effectLines(effects)) {
        if (line.startsWith('write') && this.hidden.has('write')) continue;
        this.say(`${id}      ${line}`);
      }
      for (const message of effects.messages) {
        if (this.hidden.has(message.type)) continue;
        const text = messageText(message);
        this.say(cluster.cut.has(`${message.from}>${message.to}`) ? text.replace('>', 'x') : text);
      }
    };
  }

  say(line: string): void {
    this.#lines.push(line);
  }

  takeLines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  member(word: string | undefined): Member {
    return this.cluster.get(Number(word));
  }

  hold(words: readonly string[]): void {
    this.#holding.set(words.join(' '), messagePattern(words));
    this.#sift();
  }

  release(words: readonly string[]): void {
    if (words.length === 0) this.#holding.clear();
    else assert(this.#holding.delete(words.join(' ')), 'that is not held');
    this.cluster.network.push(...this.#held.splice(0));
    this.#sift();
  }

  /** What is under way, held back or not. */
  get underWay(): readonly RaftMessage[] {
    return [...this.#held, ...this.cluster.network];
  }

  /** Takes out what is under way and matches. */
  take(pattern: MessagePattern): readonly RaftMessage[] {
    const all = this.underWay;
    this.#held = this.#held.filter((message) => !pattern(message));
    this.cluster.network = this.cluster.network.filter((message) => !pattern(message));
    return all.filter(pattern);
  }

  deliver(pattern: MessagePattern): void {
    const { cluster } = this;
    const taken = this.take(pattern);
    assert(taken.length > 0, 'no such message is under way');
    const receivers = new Set<NodeId>();
    for (const message of taken) {
      if (cluster.cut.has(`${message.from}>${message.to}`)) continue;
      cluster.members.get(message.to)?.raft.step(message, cluster.nowMs);
      receivers.add(message.to);
    }
    for (const id of receivers) this.turn(id);
  }

  /** As often as there is something to do: a write that is durable at once may free messages. */
  turn(id: NodeId): void {
    const { cluster } = this;
    for (let busy = true; busy; ) {
      const { write, messages, committed } = cluster.turn(id);
      busy = write !== null || messages.length > 0 || committed.length > 0;
    }
    this.#sift();
  }

  settle(): void {
    const { cluster } = this;
    for (let rounds = 0; rounds < 1000; rounds++) {
      for (const id of cluster.members.keys()) this.turn(id);
      if (cluster.network.length === 0) return;
      cluster.deliver();
    }
    throw new Error('it does not settle');
  }

  pass(ms: number, stepMs: number): void {
    const { cluster } = this;
    const end = cluster.nowMs + ms;
    while (cluster.nowMs < end) {
      cluster.nowMs += Math.min(stepMs, end - cluster.nowMs);
      for (const { raft } of cluster.members.values()) raft.tick(cluster.nowMs);
      this.settle();
    }
  }

  /** Every node hears every other, and is answered, where no link is cut. */
  ping(): void {
    const { cut, members, nowMs } = this.cluster;
    for (const a of members.keys()) {
      for (const b of members.keys()) {
        if (cut.has(`${a}>${b}`) || cut.has(`${b}>${a}`)) continue;
        const known = this.#pings.get(a) ?? new Map<NodeId, number>();
        this.#pings.set(a, known.set(b, nowMs));
      }
    }
  }

  contactsOf(id: NodeId): { heardMs(node: NodeId): number; supportedAtMs(node: NodeId): number } {
    const at = (node: NodeId): number => this.#pings.get(id)?.get(node) ?? Number.NEGATIVE_INFINITY;
    return { heardMs: at, supportedAtMs: at };
  }

  #sift(): void {
    for (const pattern of this.#holding.values()) {
      this.#held.push(...this.cluster.network.filter(pattern));
      this.cluster.network = this.cluster.network.filter((message) => !pattern(message));
    }
  }
}
