import { ByteReaderError, CodedError } from '@quorate/base';

/** By code: what a SchemaError knows. */
export interface SchemaErrorMetadata {
  /** `message` is the message's name in the .proto file; `reason` says what is wrong with it. */
  SCHEMA_MALFORMED: { readonly message: string; readonly reason: string };
}

/** Each has a row in docs/reference/errors.md. */
export type SchemaErrorCode = keyof SchemaErrorMetadata;

/** Bytes that are no message of ours. */
export class SchemaError<Code extends SchemaErrorCode = SchemaErrorCode> extends CodedError<
  SchemaErrorMetadata,
  Code
> {
  override readonly name = 'SchemaError';
}

export function malformed(message: string, reason: string): SchemaError<'SCHEMA_MALFORMED'> {
  return new SchemaError(
    'SCHEMA_MALFORMED',
    `malformed ${message}: ${reason}; check that both sides run compatible versions`,
    { message, reason },
  );
}

/** Turns what a reader throws into the one error that callers of a codec have to know. */
export function asSchemaError(error: unknown, message: string): unknown {
  if (!(error instanceof ByteReaderError)) return error;
  return malformed(message, `${error.metadata.reason} at offset ${error.metadata.offset}`);
}
