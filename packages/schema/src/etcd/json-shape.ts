/** One field of a message, as protobuf's JSON form has it. */
export interface JsonField {
  /** In the message's interface, and in JSON where names are in lower camel case. */
  readonly property: string;
  /** In the .proto file, and in the JSON that etcd writes. */
  readonly name: string;
  /**
   * `count` is a 64-bit field that is a number here, `identity` one that is a bigint; both are
   * strings of digits in JSON.
   */
  readonly kind: 'bytes' | 'string' | 'bool' | 'number' | 'count' | 'identity' | 'enum' | 'message';
  /** Of an enum: its numbers by name. Of a message: its fields. */
  readonly of?: Readonly<Record<string, number>> | (() => JsonShape);
  readonly repeated?: true;
  /** Null when it is not there. */
  readonly optional?: true;
}

/** A message, by its fields in the order of the .proto file. */
export type JsonShape = readonly JsonField[];
