import { CodedError } from '@quorate/base';
import type { GroupId } from '@quorate/schema';

export interface HostErrorMetadata {
  /** A tuning value is out of range, or does not fit another. */
  HOST_TUNING_INVALID: { readonly field: string };
  /** The members given do not include this node, or a group is given twice. */
  HOST_OPTIONS_INVALID: { readonly field: string };
  /** The data directory holds a group that was not given. */
  HOST_GROUP_UNKNOWN: { readonly group: GroupId };
}

export type HostErrorCode = keyof HostErrorMetadata;

export class HostError<Code extends HostErrorCode = HostErrorCode> extends CodedError<
  HostErrorMetadata,
  Code
> {
  override readonly name = 'HostError';
}
