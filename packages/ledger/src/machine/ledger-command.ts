/** What a group with a ledger replicates. */
export type LedgerCommand =
  /** In the form of `AccountColumns`. */
  | { readonly kind: 'accounts'; readonly batch: Uint8Array }
  /** In the form of `TransferColumns`, accounts by id or by slot. */
  | { readonly kind: 'transfers'; readonly batch: Uint8Array }
  /** Lets go what was pending for too long, while nobody sends a batch. */
  | { readonly kind: 'pulse' }
  | (StateVote & { readonly kind: 'vote' });

/** What one replica found its state to be at a point of the log that all replicas pass. */
export interface StateVote {
  /** How the hash comes about; of another form, it says nothing. */
  readonly form: number;
  /** Which check it is, from 1. */
  readonly check: number;
  /** 32 bits. */
  readonly hash: number;
  /** The replica. */
  readonly node: number;
  /** So many replicas decide; more than half of those that hold data. */
  readonly majority: number;
}

/*
 * u8 version * 16 + kind; then of a batch its bytes, to the end; of a vote f64 check, u32 hash, f64
 * node, u16 majority, u8 form, little-endian; of a pulse nothing.
 */
const version = 1;
const kinds = { accounts: 0, transfers: 1, pulse: 2, vote: 3 } as const;
const voteBytes = 24;

/** @returns a new array, the caller's */
export function encodeLedgerCommand(command: LedgerCommand): Uint8Array {
  const head = version * 16 + kinds[command.kind];
  switch (command.kind) {
    case 'pulse':
      return Uint8Array.of(head);
    case 'vote': {
      const bytes = new Uint8Array(voteBytes);
      const view = new DataView(bytes.buffer);
      bytes[0] = head;
      view.setFloat64(1, command.check, true);
      view.setUint32(9, command.hash, true);
      view.setFloat64(13, command.node, true);
      view.setUint16(21, command.majority, true);
      view.setUint8(23, command.form);
      return bytes;
    }
    default: {
      const bytes = new Uint8Array(1 + command.batch.length);
      bytes[0] = head;
      bytes.set(command.batch, 1);
      return bytes;
    }
  }
}

/** @returns what the bytes say, over the same bytes; a text: why they are no command */
export function decodeLedgerCommand(bytes: Uint8Array): LedgerCommand | string {
  const head = bytes[0];
  if (head === undefined) return 'an empty command';
  if (head >> 4 !== version) return `a command of version ${head >> 4}; this is ${version}`;
  switch (head & 15) {
    case kinds.accounts:
      return { kind: 'accounts', batch: bytes.subarray(1) };
    case kinds.transfers:
      return { kind: 'transfers', batch: bytes.subarray(1) };
    case kinds.pulse:
      return bytes.length === 1 ? { kind: 'pulse' } : 'a pulse with something behind it';
    case kinds.vote:
      return decodeVote(bytes);
    default:
      return `an unknown kind of command: ${head & 15}`;
  }
}

function decodeVote(bytes: Uint8Array): LedgerCommand | string {
  if (bytes.length !== voteBytes) return `a vote of ${bytes.length} bytes; it has ${voteBytes}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const check = view.getFloat64(1, true);
  const node = view.getFloat64(13, true);
  if (!Number.isSafeInteger(check) || !Number.isSafeInteger(node))
    return 'a vote whose numbers are none';
  const hash = view.getUint32(9, true);
  const [majority, form] = [view.getUint16(21, true), view.getUint8(23)];
  return { kind: 'vote', form, check, hash, node, majority };
}
