import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { freePorts, runProgram, temporaryDirectory } from '../run-program.ts';
import { ServedProcess } from '../served-process.ts';

/** Nodes n1, n2, n3 of a ledger, each a process. */
class LedgerProcesses {
  readonly #context: TestContext;
  readonly #directory: string;
  readonly #base: number;

  constructor(context: TestContext, directory: string, base: number) {
    this.#context = context;
    this.#directory = directory;
    this.#base = base;
  }

  endpoint(at: number): string {
    return `127.0.0.1:${this.#base + 2 * at}`;
  }

  peerUrl(at: number): string {
    return `http://127.0.0.1:${this.#base + 2 * at + 1}`;
  }

  /** @param settings what a member was told to be started with; left out: it is a founder */
  start(at: number, settings: Readonly<Record<string, string>> = this.#founding(at)) {
    return new ServedProcess(this.#context, this.#directory, [
      ...['ledger', 'serve', '--listen-client-urls', `http://${this.endpoint(at)}`],
      ...['--listen-peer-urls', this.peerUrl(at)],
      ...['--heartbeat-interval', '50', '--election-timeout', '500'],
      ...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    ]);
  }

  /** As a lost disk would. */
  async wipe(at: number): Promise<void> {
    await rm(join(this.#directory, `n${at + 1}.ledger`), { recursive: true });
  }

  #founding(at: number): Readonly<Record<string, string>> {
    const members = [0, 1, 2].map((one) => `n${one + 1}=${this.peerUrl(one)}`).join(',');
    return { name: `n${at + 1}`, 'initial-cluster': members, 'initial-cluster-token': 'mine' };
  }
}

/** As a person does who waits until the others have noticed what has happened. */
async function insist(endpoints: readonly string[], ...words: string[]): Promise<string> {
  const environment = { QUORATE_LEDGER_ENDPOINTS: endpoints.join(',') };
  for (let left = 20; ; left--) {
    const said = await runProgram(['ledger', ...words], { environment });
    if (said.exitCode === 0) return said.stdout;
    assert.ok(left > 0, `${words.join(' ')}: ${said.stderr}`);
  }
}

function transfer(id: number): string[] {
  const sides = ['--debit', '1', '--credit', '2', '--amount', '5'];
  return ['transfer', String(id), ...sides, '--ledger', '1', '--code', '1'];
}

describe('members of a ledger, with the program', () => {
  it('are replaced: one loses its disk and has the same balances again', async (context) => {
    const directory = await temporaryDirectory(context);
    const base = await freePorts([0, 1, 2, 3, 4, 5]);
    const nodes = new LedgerProcesses(context, directory, base);
    const running = [0, 1, 2].map((at) => nodes.start(at));
    for (const one of running) await one.says(/^ready/);
    const endpoints = [0, 1, 2].map((at) => nodes.endpoint(at));
    const [first = '', second = '', third = ''] = endpoints;
    for (const id of ['1', '2']) {
      await insist(endpoints, 'create-account', id, '--ledger', '1', '--code', '1');
    }
    await insist(endpoints, ...transfer(10));

    await running[2]?.kill();
    await nodes.wipe(2);
    // As it was it may not come back: it could vote twice.
    assert.match(await nodes.start(2).ended(), /cannot join the cluster: .*has run before/);
    const rest = [first, second];
    await insist(rest, 'member', 'remove', 'n3');
    const add = ['member', 'add', 'n3', '--peer-urls', nodes.peerUrl(2), '--json'];
    const { settings } = JSON.parse(await insist(rest, ...add));
    const list = await insist(rest, 'member', 'list', '--json');
    const names = Array.from(list.matchAll(/"name":"([^"]*)"/g), ([, name]) => name);
    assert.deepEqual(new Set(names), new Set(['', 'n1', 'n2']));

    const replaced = nodes.start(2, settings);
    await replaced.says(/^ready/);
    const shown = ['lookup', 'accounts', '1', '2', '--json'];
    assert.equal(await insist([third], ...shown), await insist([first], ...shown));
    // It votes once it has caught up: of three, it is one of the two that are left.
    await replaced.says('"role":"follower"');
    await running[1]?.kill();
    await insist([first, third], ...transfer(11));
    const balances = await insist([third], ...shown);
    assert.match(balances, /"debitsPosted":"10"/);
    assert.equal(balances, await insist([first], ...shown));

    // Started again it knows who it is, and the others.
    await replaced.kill();
    await nodes.start(2, settings).says(/^ready/);
    await insist([first, third], ...transfer(12));
  });
});
