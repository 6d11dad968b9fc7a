import { CodedError } from '@quorate/base';

/** By code: what a TransportError knows. */
export interface TransportErrorMetadata {
  /** Another process listens there already. */
  TRANSPORT_ADDRESS_IN_USE: { readonly host: string; readonly port: number };
  /** The address cannot be listened on for another reason. */
  TRANSPORT_LISTEN_FAILED: {
    readonly host: string;
    readonly port: number;
    readonly reason: string;
  };
  /** Whether the request arrived is unknown; not `sent`, it surely did not. */
  TRANSPORT_ENQUIRY_FAILED: {
    readonly host: string;
    readonly port: number;
    readonly reason: string;
    readonly sent: boolean;
  };
  TRANSPORT_INVALID_OPTION: { readonly option: string; readonly reason: string };
}

/** Each has a row in docs/reference/errors.md. */
export type TransportErrorCode = keyof TransportErrorMetadata;

/**
 * What keeps a node from listening, or a question to another node from being answered. Peers that
 * cannot be reached are no error: links dial again.
 */
export class TransportError<
  Code extends TransportErrorCode = TransportErrorCode,
> extends CodedError<TransportErrorMetadata, Code> {
  override readonly name = 'TransportError';
}

export function invalidOption(option: string, reason: string): TransportError {
  return new TransportError('TRANSPORT_INVALID_OPTION', `option ${option}: ${reason}`, {
    option,
    reason,
  });
}
