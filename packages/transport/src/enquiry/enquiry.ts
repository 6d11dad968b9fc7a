/**
 * Answers a request of any node, a member or not, about the group's business rather than within
 * it. `answer` is called at most once, now or later; after the connection ended it does nothing.
 */
export type EnquiryHandler = (request: Uint8Array, answer: (body: Uint8Array) => void) => void;

/** Exactly one of the two is not null. */
export type EnquiryDone = (error: Error | null, answer: Uint8Array | null) => void;
