/** Whether the request may have changed something. */
export type Outcome = 'nothing was changed' | 'outcome unknown';

/** An answer that is no success, as it goes to the client. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly outcome: Outcome;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    more: { outcome?: Outcome; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.outcome = more.outcome ?? 'nothing was changed';
    this.headers = more.headers ?? {};
  }
}

/** Status codes of Quorate's error codes; see docs/reference/errors.md for what each one means. */
const statusOf: Readonly<Record<string, number>> = {
  NODE_OPTIONS_INVALID: 400,
  NODE_MEMBER_UNKNOWN: 404,
  RUNTIME_COMMAND_NOT_JSON: 400,
  RUNTIME_COMMAND_REFUSED: 400,
  RUNTIME_CHANGE_REFUSED: 409,
  HOST_REQUEST_REFUSED: 409,
  RUNTIME_COMMAND_TOO_LARGE: 413,
  RUNTIME_NOT_LEADER: 503,
  RUNTIME_NO_LEADER: 503,
  RUNTIME_OVERLOADED: 503,
  RUNTIME_PROPOSAL_LOST: 503,
  RUNTIME_READ_TIMEOUT: 503,
  RUNTIME_STOPPING: 503,
  RUNTIME_HALTED: 503,
  RUNTIME_STORAGE_FULL: 503,
  RUNTIME_OUTCOME_UNKNOWN: 504,
  HOST_CLUSTER_UNREACHABLE: 504,
};

/**
 * What a client is told of an error: 503 with Retry-After when nothing happened and asking again is
 * right, 504 when nobody knows what happened, 500 when this program is wrong.
 */
export function problemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { code, metadata, message } = error as {
    code?: unknown;
    metadata?: { retryAfterMs?: number };
    message?: string;
  };
  const status = statusOf[String(code)] ?? 500;
  const text = message ?? String(error);
  const name = status === 500 ? 'INTERNAL' : String(code);
  if (status === 503) {
    const seconds = Math.max(1, Math.ceil((metadata?.retryAfterMs ?? 0) / 1000));
    return new HttpProblem(503, name, text, { headers: { 'Retry-After': String(seconds) } });
  }
  const outcome = status >= 500 ? 'outcome unknown' : 'nothing was changed';
  return new HttpProblem(status, name, text, { outcome });
}
