import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { QuorateNode, ReadOptions } from '@quorate/node';
import { HttpProblem, problemOf } from './http-problem.ts';
import { type KeyValueStore, maxKeyLength, maxValueBytes } from './key-value-store.ts';

export type KvNode = QuorateNode<{ readonly kv: () => KeyValueStore }>;

interface Answer {
  readonly status: number;
  /** Text goes out as it is, the rest as JSON. */
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Call {
  readonly node: KvNode;
  /** What the path ends with, decoded; empty where nothing does. */
  readonly name: string;
  readonly parameters: URLSearchParams;
  readonly request: IncomingMessage;
}

type Handler = (call: Call) => Answer | Promise<Answer>;

const routes: readonly { path: RegExp; methods: Readonly<Record<string, Handler>> }[] = [
  { path: /^\/keys\/([^/]+)$/, methods: { GET: getKey, PUT: putKey, DELETE: deleteKey } },
  { path: /^\/nodes$/, methods: { GET: listNodes, POST: addNode } },
  { path: /^\/nodes\/([^/]+)$/, methods: { DELETE: removeNode } },
  { path: /^\/status$/, methods: { GET: status } },
];

/** The API of README.md, on one node. */
export function createApi(node: KvNode): RequestListener {
  return (request, response) => {
    answer(node, request)
      .catch((error: unknown) => {
        const problem = problemOf(error);
        const { status: code, headers, outcome, message } = problem;
        if (code === 500) console.error(error);
        return { status: code, headers, body: { error: problem.code, outcome, message } };
      })
      .then((given) => send(response, request, given))
      .catch((error: unknown) => response.destroy(error as Error));
  };
}

async function answer(node: KvNode, request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams: parameters } = parseUrl(request.url ?? '');
  for (const { path, methods } of routes) {
    const match = path.exec(pathname);
    if (match === null) continue;
    const handler = methods[request.method ?? ''];
    if (handler !== undefined) {
      return handler({ node, name: decode(match[1] ?? ''), parameters, request });
    }
    const headers = { Allow: Object.keys(methods).join(', ') };
    const message = `${request.method} is not for ${pathname}; use ${headers.Allow}`;
    throw new HttpProblem(405, 'METHOD_NOT_ALLOWED', message, { headers });
  }
  const known = 'there are /keys/KEY, /nodes, /nodes/ID and /status (a / in a key is %2F)';
  throw new HttpProblem(404, 'PATH_UNKNOWN', `${pathname} is nothing here: ${known}`);
}

async function getKey({ node, name, parameters }: Call): Promise<Answer> {
  const entry = await node.group('kv').read(checkKey(name), readOptions(parameters));
  if (entry === null) throw new HttpProblem(404, 'KEY_UNKNOWN', `there is no key ${name}`);
  return { status: 200, body: entry.value, headers: { 'Quorate-Index': String(entry.index) } };
}

async function putKey({ node, name, request }: Call): Promise<Answer> {
  const key = checkKey(name);
  const value = await readText(request);
  const { index, result } = await node.group('kv').propose({ kind: 'put', key, value });
  return { status: result.existed ? 200 : 201, body: { key, index } };
}

async function deleteKey({ node, name }: Call): Promise<Answer> {
  const key = checkKey(name);
  const { index, result } = await node.group('kv').propose({ kind: 'delete', key });
  if (!result.existed) throw new HttpProblem(404, 'KEY_UNKNOWN', `there is no key ${name}`);
  return { status: 200, body: { key, index } };
}

function listNodes({ node }: Call): Answer {
  return { status: 200, body: { nodes: node.group('kv').members() } };
}

async function addNode({ node, request }: Call): Promise<Answer> {
  const { id, address, learner = false } = parseJson(await readText(request));
  if (typeof address !== 'string' || typeof learner !== 'boolean') {
    const message = 'give {"id": 4, "address": "host:port"}, and "learner": true for one';
    throw new HttpProblem(400, 'NODE_INVALID', message);
  }
  const added = { id: checkId(id), address, learner };
  await node.group('kv').addMember(added);
  return { status: 201, body: added };
}

async function removeNode({ node, name }: Call): Promise<Answer> {
  const id = checkId(/^\d{1,16}$/.test(name) ? Number(name) : name);
  await node.group('kv').removeMember(id);
  return { status: 200, body: { id } };
}

function status({ node }: Call): Answer {
  const group = node.group('kv');
  const { role, term, leader, commitIndex, appliedIndex } = group.status();
  const members = group.members();
  return {
    status: 200,
    body: { node: node.id, role, term, leader, commitIndex, appliedIndex, members },
  };
}

function readOptions(parameters: URLSearchParams): ReadOptions {
  const consistency = parameters.get('consistency') ?? 'linearizable';
  switch (consistency) {
    case 'linearizable':
    case 'lease':
    case 'local':
      return { consistency };
    case 'bounded': {
      const text = parameters.get('maxStalenessMs') ?? '';
      if (/^\d{1,9}$/.test(text)) return { consistency, maxStalenessMs: Number(text) };
      const message = 'a bounded read needs maxStalenessMs, a whole number of milliseconds';
      throw new HttpProblem(400, 'PARAMETER_INVALID', message);
    }
    default: {
      const message = `consistency is ${consistency}; use linearizable, lease, bounded or local`;
      throw new HttpProblem(400, 'PARAMETER_INVALID', message);
    }
  }
}

function checkKey(key: string): string {
  if (key.length <= maxKeyLength) return key;
  const message = `the key has ${key.length} characters, and at most ${maxKeyLength} are allowed`;
  throw new HttpProblem(400, 'KEY_INVALID', message);
}

function checkId(id: unknown): number {
  if (Number.isSafeInteger(id) && Number(id) > 0) return Number(id);
  throw new HttpProblem(400, 'NODE_INVALID', 'id of a node is a whole number from 1');
}

function parseUrl(text: string): URL {
  const url = URL.parse(text, 'http://localhost');
  if (url !== null) return url;
  throw new HttpProblem(400, 'PATH_INVALID', 'the path cannot be read');
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpProblem(400, 'PATH_INVALID', 'the path has a % that begins no character');
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw new HttpProblem(400, 'BODY_INVALID', 'the body is no JSON object');
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxValueBytes) {
      const message = `the body has more than ${maxValueBytes} bytes`;
      throw new HttpProblem(413, 'BODY_TOO_LARGE', message, { headers: { Connection: 'close' } });
    }
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new HttpProblem(400, 'BODY_INVALID', 'the body is not UTF-8 text');
  }
}

function send(response: ServerResponse, request: IncomingMessage, given: Answer): void {
  const isText = typeof given.body === 'string';
  const content = isText ? given.body : `${JSON.stringify(given.body ?? {})}\n`;
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  // A body that nobody has read would be taken for the next request.
  const leftOver = request.complete ? {} : { Connection: 'close' };
  response.writeHead(given.status, { 'Content-Type': type, ...leftOver, ...given.headers });
  response.end(content);
}
