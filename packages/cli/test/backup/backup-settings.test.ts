import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readInterval, readRetention } from '../../src/backup/backup-settings.ts';
import { loadServeConfiguration } from '../../src/configuration/serve-configuration.ts';

function backupOf(flags: Readonly<Record<string, string>>) {
  return loadServeConfiguration({ flags, configPath: undefined, environment: {} }).backup;
}

test('an interval is a number with a unit', () => {
  const good = { '1s': 1000, '90m': 5_400_000, '6h': 21_600_000, '1d': 86_400_000 };
  for (const [text, ms] of Object.entries(good)) assert.equal(readInterval(text), ms);
  for (const text of ['', '0h', '1', '1.5h', '-1h', '1w', '367d', '99999999s', '1h ']) {
    assert.equal(readInterval(text), null, text);
  }
});

test('retention is a number of backups or a length of time', () => {
  assert.deepEqual(readRetention('48'), { kind: 'count', count: 48 });
  assert.deepEqual(readRetention('30d'), { kind: 'age', ageMs: 30 * 86_400_000 });
  for (const text of ['0', '', '-3', '1e3', 'all']) assert.equal(readRetention(text), null, text);
});

test('backups are made when it is said when and where, and not otherwise', () => {
  const where = { 'backup-target': 's3://b/p' };
  const when = { 'backup-schedule': '6h' };
  assert.equal(backupOf({}), null);
  assert.deepEqual(backupOf({ ...where, ...when, 'backup-retain': '7' }), {
    intervalMs: 21_600_000,
    target: 's3://b/p',
    retain: { kind: 'count', count: 7 },
    s3Endpoint: null,
  });
  assert.throws(() => backupOf(when), /--backup-schedule: .*set --backup-target/);
  assert.throws(() => backupOf(where), /--backup-target: .*set --backup-schedule/);
  assert.throws(() => backupOf({ 'backup-retain': '7' }), /--backup-retain: .*without a schedule/);
  assert.throws(() => backupOf({ ...where, 'backup-schedule': 'daily' }), /no length of time/);
});
