// One round of ours, in a process of its own: `quorate-round.ts BATCH ENTRY_BYTES SECONDS`. The
// clock stands still while the logs are checked, and runs while they are cut.
import { ThreeReplicas } from './three-replicas.ts';

/** So many different ones, or a few more. */
const leastCommands = 256;
/** Until Node has compiled what is measured, also on a busy machine. */
const warmUpMs = 2000;

const [batch = 0, entryBytes = 0, seconds = 0] = process.argv.slice(2).map(Number);
const length = Math.ceil(leastCommands / batch) * batch;
const commands = Array.from({ length }, (_, command) =>
  new Uint8Array(entryBytes).map((_, at) => (command + at * 31) & 255),
);
const replicas = new ThreeReplicas(commands);
/** As often as the Go program does. */
const proposalsPerCut = batch > 100 ? 50 : 1000;

function run(runMs: number): { readonly entries: number; readonly elapsedMs: number } {
  let entries = 0;
  let elapsedMs = 0;
  while (elapsedMs < runMs) {
    const startedMs = performance.now();
    for (let i = 0; i < proposalsPerCut; i++) replicas.commit(batch);
    replicas.compact();
    elapsedMs += performance.now() - startedMs;
    entries += proposalsPerCut * batch;
    replicas.check();
  }
  return { entries, elapsedMs };
}

run(warmUpMs);
const { entries, elapsedMs } = run(seconds * 1000);
console.log(
  JSON.stringify({
    entriesPerSecond: Math.round((entries * 1000) / elapsedMs),
    entries,
    checksum: replicas.check(),
  }),
);
