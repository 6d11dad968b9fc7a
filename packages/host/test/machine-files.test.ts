import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Checkpoints, type MachinePlace, Prng } from '@quorate/base';
import {
  AccountBatchBuilder,
  encodeLedgerCommand,
  LedgerMachine,
  TransferBatchBuilder,
} from '@quorate/ledger';
import { ListMachine, type VirtualMachine, VirtualRoom } from './support/virtual-machine.ts';

const tuning = { segmentBytes: 64 * 1024, snapshotLogBytes: 1, snapshotTailEntries: 0 };

/** Opens a file in its directory. */
class FiledMachine extends ListMachine {
  readonly checkpoints: Checkpoints;
  readonly calls: string[] = [];
  failure: Error | null = null;
  #close = (done: () => void): void => done();

  constructor() {
    super();
    this.checkpoints = {
      isDue: false,
      open: (place) => this.#open(place),
      take: () => ({ ...chunksOf(this), persist: (done) => done(null, 0) }),
      expand: () => ({ expand: (chunk) => [() => chunk], close: () => undefined }),
      collect: (index) => this.calls.push(`collect ${index}`),
      close: (done) => {
        this.calls.push('close');
        this.#close(done);
      },
    };
  }

  #open({ ports, directory }: MachinePlace): void {
    const { blocking } = ports.fileSystem;
    this.calls.push(`open ${directory} ${blocking.list(directory).join()}`);
    if (this.failure !== null) throw this.failure;
    blocking.writeFileDurably(`${directory}/own`, new Uint8Array(3));
    blocking.syncDirectory(directory);
    const file = blocking.openFile(`${directory}/own`);
    this.#close = (done) => file.close(done);
  }
}

function chunksOf(machine: ListMachine): { next: () => IteratorResult<Uint8Array, void> } {
  const chunks = machine.snapshot();
  return { next: () => chunks.next() };
}

describe('a state machine with files of its own', () => {
  it('has a directory, which is there as it left it, and gives its files back at the end', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const directories = ['', 'own'].map((content) => {
      const stateMachine = new FiledMachine();
      const opening = machine.open({ tuning, groups: [{ id: 7, name: 'list', stateMachine }] });
      room.run(3000);
      assert.notEqual(opening.host, null);
      let openAtEnd = -1;
      opening.host?.close(() => {
        openAtEnd = machine.openFiles;
      });
      room.run(1000);
      assert.equal(openAtEnd, 0);
      const [open, ...rest] = stateMachine.calls;
      assert.equal(open, `open data/machines/7 ${content}`);
      assert.deepEqual(rest.slice(-1), ['close']);
      assert.equal(stateMachine.calls.filter((call) => call === 'close').length, 1);
      machine.disk.crash();
      return machine.disk.blocking.list('data/machines');
    });
    assert.deepEqual(directories, [['7'], ['7']]);
  });

  it('which cannot be opened, does not let the node start, and leaves nothing open', () => {
    const room = new VirtualRoom();
    const machine = room.machine(1);
    const [sound, broken] = [new FiledMachine(), new FiledMachine()];
    broken.failure = new Error('its files are of another kind');
    const groups = [
      { id: 1, name: 'sound', stateMachine: sound },
      { id: 2, name: 'broken', stateMachine: broken },
    ];
    const opening = machine.open({ tuning, groups });
    room.run(3000);
    assert.deepEqual([opening.calls, opening.error], [1, broken.failure]);
    assert.deepEqual(sound.calls.slice(-1), ['close']);
    assert.equal(machine.openFiles, 0);
    machine.disk.blocking.lock('data').release();
  });
});

/** Account 1 and 2, then transfers between them, some of them with random ids. */
function commandsOf(prng: Prng, count: number): Uint8Array[] {
  const accounts = new AccountBatchBuilder();
  for (const id of [1n, 2n]) accounts.add({ id, ledger: 1, code: 1, flags: 8 });
  const commands = [encodeLedgerCommand({ kind: 'accounts', batch: accounts.encode() })];
  let next = 1n;
  while (commands.length < count) {
    const transfers = new TransferBatchBuilder();
    for (let events = 1 + prng.below(60); events > 0; events--) {
      const id = prng.chance(0.5) ? next++ : BigInt(prng.below(2 ** 40)) << 70n;
      const sides = { debitAccountId: 1n, creditAccountId: 2n };
      const flags = prng.chance(0.3) ? { flags: 2, timeout: prng.below(3) } : {};
      transfers.add({ id, ...sides, amount: next, ledger: 1, code: 1, ...flags });
    }
    commands.push(encodeLedgerCommand({ kind: 'transfers', batch: transfers.encode() }));
  }
  return commands;
}

interface Noted {
  readonly timestampMicros: number;
  readonly command: Uint8Array;
}

/** @param noted gets what is applied, by index */
function openLedger(machine: VirtualMachine, noted: Map<number, Noted>) {
  const limits = { idsInMemory: 50, transfersPerChunk: 32, accountFileBytes: 1000 };
  const ledger = new LedgerMachine({ limits });
  const stateMachine = {
    apply: (entries: Parameters<LedgerMachine['apply']>[0]) => {
      for (const { index, timestampMicros, command } of entries)
        noted.set(index, { timestampMicros, command });
      return ledger.apply(entries);
    },
    snapshot: () => ledger.snapshot(),
    restore: () => ledger.restore(),
    checkpoints: ledger.checkpoints,
  };
  const opening = machine.open({ tuning, groups: [{ id: 1, name: 'ledger', stateMachine }] });
  return { ledger, opening };
}

/** What can be asked of it, in words. */
function stateOf({ books: { state } }: LedgerMachine): string {
  const { accounts, transfers, ids, statuses, history, timeline } = state;
  const all = [accounts.count, transfers.count, ids.count, statuses.openCount, history.count];
  const balances = Array.from({ length: accounts.count }, (_, slot) =>
    [0, 1, 2, 3].map((kind) => accounts.balance(slot, kind)),
  );
  const rows = Array.from({ length: transfers.count }, (_, at) => [
    ...[transfers.timestamp(at), transfers.amount(at), statuses.get(at)],
  ]);
  const records = Array.from({ length: history.count }, (_, at) => history.balanceAt(at));
  return JSON.stringify([all, balances, rows, records, timeline.last], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}

/** Of a machine that has applied all of it, without a disk. */
function stateAfter(noted: ReadonlyMap<number, Noted>): string {
  const ledger = new LedgerMachine();
  for (const [index, entry] of [...noted].sort(([a], [b]) => a - b))
    ledger.apply([{ index, term: 1, ...entry }]);
  return stateOf(ledger);
}

describe('a ledger on a node', () => {
  it('comes back after each loss of power with all that was acknowledged', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const prng = new Prng(seed);
      const room = new VirtualRoom();
      const machine = room.machine(seed);
      const commands = commandsOf(prng, 100);
      const noted = new Map<number, Noted>();
      const acknowledged = new Set<number>();
      for (let life = 0; life < 8; life++) {
        const { ledger, opening } = openLedger(machine, noted);
        room.run(4000);
        assert.equal(opening.error, null);
        const group = opening.host?.group(1);
        const { appliedIndex = 0 } = group?.status() ?? {};
        // What was never acknowledged may be gone.
        for (const index of noted.keys()) if (index > appliedIndex) noted.delete(index);
        for (const index of acknowledged) assert.ok(noted.has(index), `seed ${seed}: ${index}`);
        assert.equal(stateOf(ledger), stateAfter(noted), `seed ${seed}, life ${life}`);
        for (const command of commands.splice(0, 12)) {
          group?.propose(command, (error, applied) => {
            if (error === null && applied !== null) acknowledged.add(applied.index);
          });
          room.run(prng.float() * 12);
        }
        room.run(prng.float() * 12);
        assert.deepEqual(opening.halts, []);
        machine.losePower();
      }
      assert.ok(acknowledged.size > 40, `${acknowledged.size} were acknowledged`);
      assert.ok(machine.disk.blocking.list('data/machines/1').length > 2);
    }
  });
});
