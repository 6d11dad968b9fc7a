/**
 * What a supervised node tells the process that started it, over Node's IPC channel. 64-bit ids are
 * sixteen hex digits, for the channel carries JSON.
 */
export type ChildMessage =
  | { readonly kind: 'ready'; readonly memberId: string }
  | {
      readonly kind: 'leader';
      /** null: the node knows of none. */
      readonly leader: string | null;
      readonly term: number;
    }
  /** The node ends by itself, and says why. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** The flag that makes a node speak to its parent, and end when the parent is gone. */
export const supervisedFlag = '--supervised';

export function formatMemberId(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16).padStart(16, '0');
}

/** @returns null when `value` is no such message */
export function parseChildMessage(value: unknown): ChildMessage | null {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return null;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const { kind, memberId, leader, term, code, message } = fields;
  if (kind === 'ready' && isMemberId(memberId)) return { kind, memberId };
  if (kind === 'leader' && (leader === null || isMemberId(leader)) && isTerm(term)) {
    return { kind, leader, term };
  }
  if (kind === 'failed' && typeof code === 'string' && typeof message === 'string') {
    return { kind, code: code.slice(0, 100), message: message.slice(0, 2000) };
  }
  return null;
}

function isMemberId(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value);
}

function isTerm(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
