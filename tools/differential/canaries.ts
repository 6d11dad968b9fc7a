import type { Outcome } from './operation.ts';

/** A mistake that is planted in what is read of our answers. It must be found. */
export interface Canary {
  readonly name: string;
  readonly about: string;
  readonly outcome?: (path: string, outcome: Outcome) => Outcome;
  /** @param message of a watch stream, in its JSON form */
  readonly watch?: (message: object) => object;
}

type Json = Record<string, unknown>;

export const canaries: readonly Canary[] = [
  {
    name: 'count',
    about: 'a range over more than three keys counts one too many',
    outcome: (path, outcome) =>
      path.endsWith('/Range') ? edit(outcome, 'count', addToCount) : outcome,
  },
  {
    name: 'prev-kv',
    about: 'a put forgets what it replaced',
    outcome: (path, outcome) =>
      path.endsWith('/Put') ? edit(outcome, 'prev_kv', () => undefined) : outcome,
  },
  {
    name: 'code',
    about: 'what is compacted is said to be an invalid argument',
    outcome: (_path, outcome) =>
      outcome.message.endsWith('has been compacted') ? { ...outcome, status: 3 } : outcome,
  },
  {
    name: 'zero',
    about: 'the gateway writes a count of 0 that it should leave out',
    outcome: (path, outcome) =>
      path === '/v3/kv/deleterange' && outcome.status === 200
        ? editGateway(outcome, (json) => ({ deleted: '0', ...json }))
        : outcome,
  },
  {
    name: 'content-type',
    about: "the gateway's errors are plain text",
    outcome: (path, outcome) =>
      path.startsWith('/v3/') && outcome.status === 400
        ? { ...outcome, body: asText(outcome.body as Json) }
        : outcome,
  },
  {
    name: 'watch',
    about: 'a watch misses deletions',
    watch: (message) => {
      const { events, ...rest } = message as { events?: readonly Json[] };
      if (events === undefined) return message;
      return { ...rest, events: events.filter(({ type }) => type !== 'DELETE') };
    },
  },
];

function asText(body: Json): Json {
  return { ...body, headers: { ...(body['headers'] as Json), 'content-type': 'text/plain' } };
}

function addToCount(value: unknown): unknown {
  return Number(value) > 3 ? String(Number(value) + 1) : value;
}

function edit(outcome: Outcome, field: string, change: (value: unknown) => unknown): Outcome {
  const body = outcome.body as Json;
  if (body === null || !(field in body)) return outcome;
  const fields = Object.entries(body).flatMap(([name, value]) => {
    const changed = name === field ? change(value) : value;
    return changed === undefined ? [] : [[name, changed] as const];
  });
  return { ...outcome, body: Object.fromEntries(fields) };
}

function editGateway(outcome: Outcome, change: (json: Json) => Json): Outcome {
  const { json, ...rest } = outcome.body as { json: Json };
  return { ...outcome, body: { ...rest, json: change(json) } };
}
