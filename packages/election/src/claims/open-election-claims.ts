import type { Logger } from '@quorate/base';
import { type OpenedMember, timers } from '@quorate/node';
import type { GroupHandle } from '@quorate/runtime';
import type { ClaimsMachine } from '../core/claims/claims-machine.ts';
import type { ClaimsResult } from '../core/claims/claims-model.ts';
import { describePosition, type Position } from '../core/claims/position.ts';
import type { Claim, ClaimCallOptions, GivenFloor, SignedClaim, SignOptions } from './claims.ts';
import { ClaimsFollow } from './claims-follow.ts';
import type { ElectionClaims } from './election-claims.ts';
import { GroupClaims } from './group-claims.ts';
import type { LocalWatermark } from './local-watermark.ts';
import { MemberClaimsGroup, type MemberClaimsParts } from './member-claims-group.ts';

/** Permanent: it decides the id of the group. */
export const claimsGroupName = 'election-claims';

export interface OpenClaimsParts {
  readonly member: OpenedMember;
  /** The state machine of the replica of `claimsGroupName`. */
  readonly machine: ClaimsMachine;
  readonly local: LocalWatermark;
  readonly logger: Logger;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** The claims of a node that is open, and what keeps them beside its election. */
export class OpenClaims extends GroupClaims implements ElectionClaims {
  readonly local: LocalWatermark;
  readonly #parts: OpenClaimsParts;
  #follow: ClaimsFollow | null = null;

  constructor(parts: OpenClaimsParts) {
    const { machine, member, requestTimeoutMs, logger, local } = parts;
    const group: GroupHandle<ClaimsResult> = member.host.group(groupIdIn(parts));
    const { clock } = member;
    const of: MemberClaimsParts = { group, machine, clock, timers, patienceMs: requestTimeoutMs };
    const onNotStored = (error: unknown, { position }: SignedClaim): void =>
      logger.info('a signature was not stored with its claim', {
        position: describePosition(position),
        reason: String(error),
      });
    super(new MemberClaimsGroup(of), { onNotStored });
    this.local = local;
    this.#parts = parts;
  }

  override sign(
    claim: Claim,
    makeSignature: () => Uint8Array | Promise<Uint8Array>,
    options: Partial<SignOptions> = {},
  ): Promise<Uint8Array> {
    return super.sign(claim, makeSignature, { local: this.local, ...options });
  }

  /** Here as well as in the group: also what an import raises. */
  override async raiseFloor(floor: GivenFloor, options?: ClaimCallOptions): Promise<Position> {
    const position = await super.raiseFloor(floor, options);
    await this.local.raiseFloor(floor);
    return position;
  }

  /** Of the election that is open by now. @param isLeader by the clock */
  follow(isLeader: () => boolean, onElected: (listener: () => void) => void): void {
    const { member, electionTimeoutMs, requestTimeoutMs } = this.#parts;
    const follow = new ClaimsFollow({
      host: member.host,
      claimsGroup: groupIdIn(this.#parts),
      isLeader,
      timers,
      retryMs: electionTimeoutMs,
      requestTimeoutMs,
    });
    this.#follow = follow;
    onElected(() => follow.look());
  }

  /** Before the node closes; `local` after it. */
  stopFollowing(): void {
    this.#follow?.close();
  }
}

function groupIdIn({ member }: Pick<OpenClaimsParts, 'member'>): number {
  return member.group(claimsGroupName).status().group;
}
