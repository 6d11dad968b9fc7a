// Starts three nodes, each a process of its own; Ctrl-C stops them all.
import { type ChildProcess, spawn } from 'node:child_process';

const nodes = new Map<number, ChildProcess>();
let isStopping = false;

for (const id of [1, 2, 3]) {
  const program = `${import.meta.dirname}/server.ts`;
  const child = spawn(process.execPath, [program, String(id)], {
    // The channel tells it when this process is gone: no node is left behind.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  nodes.set(id, child);
  child.once('exit', () => {
    nodes.delete(id);
    if (isStopping) return;
    console.log(`node ${id} has ended; start it again with: node server.ts ${id}`);
    if (nodes.size === 0) process.exitCode = 1;
  });
}

function stop(): void {
  isStopping = true;
  for (const child of nodes.values()) child.kill('SIGTERM');
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
