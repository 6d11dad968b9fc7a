import { CodedError } from '@quorate/base';

export interface NodeErrorMetadata {
  /** `field` is the path of the bad option (`members[2].port`), `fix` what to write instead. */
  NODE_OPTIONS_INVALID: { readonly field: string; readonly fix: string };
  NODE_LISTEN_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  NODE_CONNECT_FAILED: { readonly host: string; readonly port: number; readonly reason: string };
  NODE_GROUP_UNKNOWN: { readonly group: string };
  /** A command or a query of a type that the group's state machine does not take. */
  NODE_COMMAND_INVALID: { readonly group: string };
  /** Of a session: not applied, and never will be. */
  NODE_NOT_APPLIED: { readonly reason: string };
  /** Of a session: applied once; the answer is gone. */
  NODE_ANSWER_FORGOTTEN: { readonly index: number };
}

export type NodeErrorCode = keyof NodeErrorMetadata;

export class NodeError<Code extends NodeErrorCode = NodeErrorCode> extends CodedError<
  NodeErrorMetadata,
  Code
> {
  override readonly name = 'NodeError';
}
