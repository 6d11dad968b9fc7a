import type { Logger } from '@quorate/base';
import type { MemberGroup } from '@quorate/node';
import { RuntimeError } from '@quorate/runtime';
import {
  type EtcdResult,
  type EtcdStateMachine,
  type MemberAttributes,
  memberAttributesCommand,
} from './core/index.ts';

const retryAfterMs = 250;

function isSame(a: MemberAttributes | undefined, b: MemberAttributes): boolean {
  return a?.name === b.name && a.clientUrls.join(' ') === b.clientUrls.join(' ');
}

/**
 * Tells the cluster this member's name and where clients reach it, once it can be told: until there
 * is a leader it tries again. Saying it twice does no harm.
 */
export class MemberPublisher {
  readonly #group: MemberGroup<EtcdResult>;
  readonly #machine: EtcdStateMachine;
  readonly #attributes: MemberAttributes;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #isStopped = false;

  constructor(
    group: MemberGroup<EtcdResult>,
    machine: EtcdStateMachine,
    attributes: MemberAttributes,
    logger: Logger,
  ) {
    this.#group = group;
    this.#machine = machine;
    this.#attributes = attributes;
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
    if (isSame(known, this.#attributes)) return;
    await this.#group.propose(memberAttributesCommand(this.#attributes));
  }

  #failed(error: unknown): void {
    if (this.#isStopped) return;
    if (!(error instanceof RuntimeError)) throw error;
    this.#logger.debug('member not published yet', { code: error.code });
    this.#timer = setTimeout(() => this.start(), retryAfterMs);
  }
}
