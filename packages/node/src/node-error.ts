import { CodedError } from '@quorate/base';

/** By code: what a NodeError knows. */
export interface NodeErrorMetadata {
  /** `field` is the path of the bad option (`members[2].port`), `fix` what to write instead. */
  NODE_OPTIONS_INVALID: { readonly field: string; readonly fix: string };
  NODE_LISTEN_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  NODE_CONNECT_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  /** Certificates cannot be used; `file` is the one to look at. */
  NODE_TLS_INVALID: { readonly file: string };
  NODE_GROUP_UNKNOWN: { readonly group: string };
  /** No member of the group has this id; nothing was changed. */
  NODE_MEMBER_UNKNOWN: { readonly group: string; readonly id: number };
  /** A command or a query of a type that the group's state machine does not take. */
  NODE_COMMAND_INVALID: { readonly group: string };
  /** Of a session: not applied, and never will be. */
  NODE_NOT_APPLIED: { readonly reason: string };
  /** Of a session: applied once; the answer is gone. */
  NODE_ANSWER_FORGOTTEN: { readonly index: number };
  NODE_SHARD_UNKNOWN: { readonly shard: number; readonly count: number };
  /** This node has no replica of the shard to look at. */
  NODE_SHARD_ELSEWHERE: { readonly shard: number };
  /** What this node was given does not fit what its data directory, or `other`, was. */
  NODE_SHARDS_MISMATCH: { readonly field: string; readonly other: string };
  /** A shard cannot be moved so. Nothing was changed. */
  NODE_MOVE_REFUSED: { readonly shard: number; readonly reason: string };
  /** A move has not come to its end in time; the same call goes on with it. */
  NODE_MOVE_UNFINISHED: { readonly shard: number; readonly reason: string };
}

/** Each has a row in docs/reference/errors.md. */
export type NodeErrorCode = keyof NodeErrorMetadata;

/**
 * What `@quorate/node` itself refuses or cannot do. Decide by `code`; RuntimeError, HostError,
 * StorageError, TransportError and MachineError of what it is made of come as they are.
 */
export class NodeError<Code extends NodeErrorCode = NodeErrorCode> extends CodedError<
  NodeErrorMetadata,
  Code
> {
  override readonly name = 'NodeError';
}
