/**
 * The base of every package's error class: a literal `code`, typed metadata for that code, and a
 * message that says what happened, to what, and what to do next. Every code has a row in
 * docs/reference/errors.md.
 *
 * @typeParam Codes maps each code to the shape of its metadata
 */
export abstract class CodedError<
  Codes extends Record<keyof Codes, object>,
  Code extends keyof Codes & string = keyof Codes & string,
> extends Error {
  readonly code: Code;
  readonly metadata: Codes[Code];

  constructor(code: Code, message: string, metadata: Codes[Code], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.metadata = metadata;
  }
}
