import type { Logger } from '@quorate/base';
import type { MemberGroup } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import {
  type EtcdResult,
  type EtcdStateMachine,
  type MemberAttributes,
  memberAttributesCommand,
  memberCommand,
  type PeerUrlsOf,
} from './core/index.ts';

const retryAfterMs = 250;

function isSame(a: MemberAttributes | undefined, b: MemberAttributes): boolean {
  return a?.name === b.name && a.clientUrls.join(' ') === b.clientUrls.join(' ');
}

/**
 * Tells the cluster this member's name and where clients reach it, once it can be told: until there
 * is a leader it tries again. Saying it twice does no harm. Peer URLs, its own and those of the
 * members it founded the cluster with, are told only where nothing is known of them: what was
 * changed since counts.
 */
export class MemberPublisher {
  readonly #group: MemberGroup<EtcdResult>;
  readonly #machine: EtcdStateMachine;
  readonly #attributes: MemberAttributes;
  readonly #peerUrls: readonly PeerUrlsOf[];
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(
    group: MemberGroup<EtcdResult>,
    machine: EtcdStateMachine,
    attributes: MemberAttributes,
    peerUrls: readonly PeerUrlsOf[],
    logger: Logger,
  ) {
    this.#group = group;
    this.#machine = machine;
    this.#attributes = attributes;
    this.#peerUrls = peerUrls;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = null;
    this.#publish().then(
      () => this.#logger.info('member published', { name: this.#attributes.name }),
      (error: unknown) => this.#failed(error),
    );
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #publish(): Promise<void> {
    const { member } = this.#attributes;
    const known = await this.#group.read(() => this.#machine.attributesOf(member));
    const members = this.#unknown();
    if (members.length > 0)
      await this.#group.propose(memberCommand({ kind: 'introduce', members }));
    if (isSame(known, this.#attributes)) return;
    await this.#group.propose(memberAttributesCommand(this.#attributes));
  }

  /** Of those that are members still. */
  #unknown(): readonly PeerUrlsOf[] {
    const { voters, votersOutgoing, learners } = this.#group.status().configuration;
    const members = new Set([...voters, ...votersOutgoing, ...learners]);
    return this.#peerUrls.filter(({ member }) => {
      const known = this.#machine.attributesOf(member)?.peerUrls ?? [];
      return members.has(member) && known.length === 0;
    });
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    if (!(error instanceof RuntimeError)) throw error;
    this.#logger.debug('member not published yet', { code: error.code });
    this.#timer = setTimeout(() => this.start(), retryAfterMs);
  }
}
