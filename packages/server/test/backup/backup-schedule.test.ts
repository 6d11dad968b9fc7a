import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { LogFields, Logger } from '@quorate/base';
import { silentLogger } from '@quorate/base';
import { encodeCommand, KvStateMachine } from '@quorate/kv';
import { EtcdStateMachine } from '@quorate/server/core';
import { backupName, backupsAmong, readBackupName } from '../../src/backup/backup-name.ts';
import { BackupSchedule } from '../../src/backup/backup-schedule.ts';
import type { BackupTarget, StoredFile } from '../../src/backup/backup-target.ts';
import { superfluous } from '../../src/backup/retention.ts';

const id = '00000000000000ab';

/** A target in memory that can be made to fail. */
class MemoryTarget implements BackupTarget {
  readonly description = 'memory';
  readonly files = new Map<string, Buffer>();
  failure: 'none' | 'write' | 'damage' | 'hang' = 'none';

  async list(): Promise<readonly StoredFile[]> {
    return [...this.files].map(([name, { length }]) => ({ name, bytes: length }));
  }

  async write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    const taken: Uint8Array[] = [];
    if (this.failure === 'hang') await new Promise(() => undefined);
    for await (const piece of pieces) {
      if (this.failure === 'write') throw new Error('no room');
      taken.push(piece);
    }
    const bytes = Buffer.concat(taken);
    if (this.failure === 'damage') bytes[700] = (bytes[700] as number) ^ 1;
    this.files.set(name, bytes);
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void> {
    yield this.files.get(name) ?? Buffer.alloc(0);
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}

interface Rig {
  readonly target: MemoryTarget;
  readonly schedule: BackupSchedule;
  readonly lines: { readonly event: string; readonly fields: LogFields }[];
  isLeader: boolean;
  /** Fulfilled when a line of this event has come, `count` of them in all. */
  said(event: string, count?: number): Promise<void>;
}

function rig(intervalMs: number, retainCount?: number): Rig {
  const lines: Rig['lines'][0][] = [];
  let wake = (): void => undefined;
  const note = (event: string, fields: LogFields = {}): void => {
    lines.push({ event, fields });
    wake();
  };
  const logger: Logger = { ...silentLogger, info: note, error: note };
  const store = new KvStateMachine({ checksum: { crc32 } });
  const key = new TextEncoder().encode('a');
  const put = { kind: 'put', key, value: key, lease: 0n } as const;
  const command = encodeCommand({ ...put, prevKv: false, ignoreValue: false, ignoreLease: false });
  store.apply([{ index: 1, term: 1, timestampMicros: 0, command }]);
  const target = new MemoryTarget();
  const made: { -readonly [Key in keyof Rig]?: Rig[Key] } = { target, lines, isLeader: true };
  const retain =
    retainCount === undefined ? {} : { retain: { kind: 'count', count: retainCount } as const };
  made.schedule = new BackupSchedule(
    { target, intervalMs, stallMs: 2000, ...retain },
    {
      clusterId: BigInt(`0x${id}`),
      machine: new EtcdStateMachine(store),
      store,
      group: { status: () => ({ appliedIndex: 1, term: 1 }) },
      isLeader: () => made.isLeader === true,
      logger,
    },
  );
  made.said = async (event, count = 1) => {
    while (lines.filter((line) => line.event === event).length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return made as Rig;
}

function figure(schedule: BackupSchedule, name: string): number {
  const [, value] = new RegExp(`^${name} (.*)$`, 'm').exec(schedule.figures.text()) ?? [];
  return Number(value);
}

test('a leader makes backups, one an interval, and keeps as many as it is told', async () => {
  const { target, schedule, said } = rig(1100, 2);
  target.files.set('notes.txt', Buffer.from('not ours'));
  target.files.set(backupName('00000000000000cd', 0, 1), Buffer.from('of another cluster'));
  target.files.set(backupName(id, 1000, 1), Buffer.from('old'));
  target.files.set(backupName(id, 2000, 1), Buffer.from('old'));
  schedule.start();
  await said('backup made', 2);
  await said('backup removed', 2);
  await schedule.stop();
  const names = [...target.files.keys()];
  assert.ok(names.includes('notes.txt') && names.some((name) => name.includes('cd-')));
  assert.equal(backupsAmong(await target.list(), id).length, 2);
  assert.ok(figure(schedule, 'quorate_backups_total') >= 2);
  assert.ok(figure(schedule, 'quorate_backup_last_bytes') > 4096);
  assert.ok(figure(schedule, 'quorate_backup_last_success_timestamp_seconds') > 1e9);
});

test('what is damaged on its way is an error with advice, and removes nothing', async () => {
  for (const failure of ['write', 'damage'] as const) {
    const { target, schedule, said, lines } = rig(50, 1);
    target.files.set(backupName(id, 1000, 1), Buffer.from('old'));
    target.files.set(backupName(id, 2000, 1), Buffer.from('old'));
    target.failure = failure;
    schedule.start();
    await said('backup failed', 1);
    await schedule.stop();
    assert.ok(target.files.has(backupName(id, 1000, 1)), failure);
    assert.equal(figure(schedule, 'quorate_backups_total'), 0);
    assert.ok(figure(schedule, 'quorate_backup_failures_total') >= 1);
    assert.match(String(lines[0]?.fields['fix']), /check that the target/);
  }
});

test('a target that stands still is given up, and the next attempt may go well', async () => {
  const { target, schedule, said, lines } = rig(50);
  target.failure = 'hang';
  schedule.start();
  await said('backup failed');
  assert.match(String(lines[0]?.fields['reason']), /nothing moved for 2 s/);
  target.failure = 'none';
  await said('backup made');
  await schedule.stop();
});

test('who does not lead makes none, nor does a leader before the interval is over', async () => {
  const follower = rig(20);
  follower.isLeader = false;
  const early = rig(3_600_000);
  early.target.files.set(backupName(id, Date.now() - 1000, 7), Buffer.from('recent'));
  const busy = rig(20);
  for (const { schedule } of [follower, early, busy]) schedule.start();
  await busy.said('backup made');
  for (const { schedule } of [follower, early, busy]) await schedule.stop();
  assert.deepEqual([follower.lines, early.lines], [[], []]);
});

test('a name tells the cluster, the time and the revision, and nothing else is one', () => {
  const atMs = Date.UTC(2026, 10, 22, 13, 5, 9);
  const name = backupName(id, atMs, 42);
  assert.equal(name, `quorate-${id}-20261122T130509Z-r0000000000000042.db`);
  assert.deepEqual(readBackupName({ name, bytes: 5 }), {
    name,
    bytes: 5,
    clusterId: id,
    revision: 42,
    atMs,
  });
  for (const wrong of ['x', `${name}.part`, name.replace('1122', '1399'), `a${name}`]) {
    assert.equal(readBackupName({ name: wrong, bytes: 5 }), null, wrong);
  }
});

test('the last good backup stays, however old', () => {
  const files = [1, 2, 3].map((at) => ({ name: backupName(id, at * 1000, at), bytes: 1 }));
  const backups = backupsAmong(files, id);
  const names = (from: readonly StoredFile[]) => from.map(({ name }) => name);
  const [first = '', second = '', third = ''] = names(backups);
  const byAge = { kind: 'age', ageMs: 10 } as const;
  const byCount = { kind: 'count', count: 1 } as const;
  assert.deepEqual(names(superfluous(backups, byAge, third, 1e9)), [first, second]);
  assert.deepEqual(names(superfluous(backups, byCount, first, 1e9)), [second]);
  assert.deepEqual(names(superfluous(backups, { kind: 'count', count: 5 }, third, 1e9)), []);
});
