// Three nodes in three processes count together, and go on when the leader is killed:
// `node examples/counter/main.ts`. README.md beside this file says more.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import type { Message, Question } from './node.ts';

type Answer = PromiseWithResolvers<number>;

const directory = mkdtempSync(join(tmpdir(), 'quorate-counter-'));
const nodes = new Map<number, ChildProcess>();
const answers = new Map<number, Answer>();
const ports = await freePorts(3);
let leader = 0;
let elected = Promise.withResolvers<void>();
let asked = 0;

async function start(id: number): Promise<void> {
  const words = ['--id', String(id), '--ports', ports.join(','), '--data', directory];
  const child = fork(join(import.meta.dirname, 'node.ts'), words);
  nodes.set(id, child);
  const open = Promise.withResolvers<void>();
  child.on('message', (message: Message) => {
    if (message.kind === 'open') open.resolve();
    else if (message.kind === 'elected') {
      leader = id;
      elected.resolve();
    } else if (message.kind === 'answer') answers.get(message.id)?.resolve(message.value);
    else answers.get(message.id)?.reject(new Error(`node ${id}: ${message.why}`));
  });
  child.once('exit', (code) => open.reject(new Error(`node ${id} ended with ${code}`)));
  await open.promise;
}

async function ask(id: number, what: Question['ask']): Promise<number> {
  const question = ++asked;
  const answer: Answer = Promise.withResolvers();
  answers.set(question, answer);
  nodes.get(id)?.send({ id: question, ask: what });
  return answer.promise;
}

/** As a power cut would: nothing is handed over, nothing is closed. */
async function kill(id: number): Promise<void> {
  const child = nodes.get(id);
  nodes.delete(id);
  if (child === undefined) return;
  elected = Promise.withResolvers();
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function stop(): Promise<void> {
  const ended = [...nodes.values()].map(async (child) => {
    if (child.connected) child.disconnect();
    if (child.exitCode === null) await once(child, 'exit');
  });
  await Promise.all(ended);
  rmSync(directory, { recursive: true, force: true });
}

try {
  await Promise.all([1, 2, 3].map(start));
  await elected.promise;
  console.log(`three nodes are up; node ${leader} leads`);
  for (const id of [1, 2, 3]) {
    console.log(`increment through node ${id}: ${await ask(id, 'increment')}`);
  }
  const killed = leader;
  await kill(killed);
  console.log(`killed node ${killed}, the leader`);
  let last = 0;
  for (const id of nodes.keys()) {
    last = await ask(id, 'increment');
    console.log(`increment through node ${id}: ${last}`);
  }
  await elected.promise;
  console.log(`node ${leader} leads now`);
  await start(killed);
  const back = await ask(killed, 'value');
  console.log(`node ${killed} is back and reads ${back}`);
  const isWhole = last === 5 && back === 5;
  console.log(
    isWhole
      ? 'counted to 5 through three nodes and the death of a leader: nothing lost, nothing twice'
      : `counted 5 increments and read ${last}, and ${back} after the restart: this is a bug`,
  );
  process.exitCode = isWhole ? 0 : 1;
} finally {
  await stop();
}
