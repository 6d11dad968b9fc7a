import assert from 'node:assert/strict';
import { test } from 'node:test';
import { etcd } from '@quorate/schema';
import { CalledService } from './called-service.ts';

const { VALIDATE, ENABLE, CANCEL } = etcd.DowngradeRequestDowngradeAction;

async function refusal(action: number, version: string): Promise<unknown> {
  const path = '/etcdserverpb.Maintenance/Downgrade';
  const { DowngradeRequest, DowngradeResponse } = etcd;
  const calls = new CalledService();
  const { error } = await calls.call(
    path,
    DowngradeRequest,
    { action, version },
    DowngradeResponse,
  );
  return error;
}

test('there is no release to go back to', async () => {
  const message = 'etcdserver: invalid downgrade target version';
  for (const version of ['3.4', '3.5', '3.5.0', '3.6.0', '9.9.9-rc.1']) {
    assert.deepEqual(await refusal(VALIDATE, version), { code: 3, message });
    assert.deepEqual(await refusal(ENABLE, version), { code: 3, message });
  }
});

test('a target that is no version is refused as such', async () => {
  const message = 'etcdserver: wrong downgrade target version format';
  for (const version of ['', '3', 'x.y', '3.4.0.1', '3.4-rc']) {
    assert.deepEqual(await refusal(VALIDATE, version), { code: 3, message });
  }
});

test('there is nothing to cancel, and no other action', async () => {
  const message = 'etcdserver: no inflight downgrade job';
  assert.deepEqual(await refusal(CANCEL, ''), { code: 9, message });
  assert.deepEqual(await refusal(7, ''), { code: 2, message: 'etcdserver: unknown method' });
});
