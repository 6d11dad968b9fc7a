// One node: `node server.ts 1`. POST / takes a vote, GET /CHOICE counts, GET / says who leads.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { openNode } from '@quorate/node';
import { Tally, type Vote } from './tally.ts';

const id = Number(process.argv[2]);
const firstPort = Number(process.env['FIRST_PORT'] ?? 7000);
const addressOf = (peer: number): string => `127.0.0.1:${firstPort + peer}`;

const node = await openNode({
  id,
  dataDir: `data-${firstPort}/node${id}`,
  listen: addressOf(id),
  peers: { 1: addressOf(1), 2: addressOf(2), 3: addressOf(3) },
  groups: { tally: () => new Tally() },
  log: { level: 'error', format: 'logfmt' },
});
const tally = node.group('tally');

/** The status of each error that is not this program's fault; docs/reference/errors.md has all. */
const statusOf: Readonly<Record<string, number>> = {
  RUNTIME_COMMAND_REFUSED: 400,
  RUNTIME_COMMAND_NOT_JSON: 400,
  // It may have been counted or not. A vote may be sent again: it is counted once.
  RUNTIME_OUTCOME_UNKNOWN: 504,
};

async function answerTo(request: IncomingMessage): Promise<object> {
  if (request.method === 'POST') return (await tally.propose(await readVote(request))).result;
  const choice = decodeURIComponent(request.url ?? '/').slice(1);
  if (choice !== '') return { choice, votes: await tally.read(choice) };
  return { node: id, pid: process.pid, leader: tally.status().leader };
}

async function readVote(request: IncomingMessage): Promise<Vote> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 10_000) throw new SyntaxError('the body is too long');
  }
  // The state machine looks at what it is.
  return JSON.parse(text) as Vote;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let status = 200;
  let body: object;
  try {
    body = await answerTo(request);
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    const isUnreadable = error instanceof SyntaxError || error instanceof URIError;
    status = isUnreadable ? 400 : (statusOf[code] ?? 503);
    body = { error: code, message };
  }
  const closing = request.complete ? {} : { Connection: 'close' };
  response.writeHead(status, { 'Content-Type': 'application/json', ...closing });
  response.end(`${JSON.stringify(body)}\n`);
}

const server = createServer((request, response) => void serve(request, response));
server.listen(firstPort + 1000 + id, '127.0.0.1', () => {
  console.log(`node ${id} (pid ${process.pid}) serves http://127.0.0.1:${firstPort + 1000 + id}`);
});

let isStopping = false;
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  server.close();
  await node.close();
  server.closeAllConnections();
  if (process.connected) process.disconnect();
}
process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());
// Started by start.ts: it ends when that does.
process.on('disconnect', () => void stop());
