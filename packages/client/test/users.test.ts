import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, credentials as grpcCredentials } from '@grpc/grpc-js';
import { connect } from '@quorate/client';
import { type Codec, encodeMessage, etcd, type Init } from '@quorate/schema';
import { endpointOf, startCluster } from './support/real-cluster.ts';

const asIs = (bytes: Buffer): Buffer => bytes;

/** As an administrator does it, with nothing but the API. */
async function administer<T>(
  endpoint: string,
  method: string,
  codec: Codec<T>,
  request: Init<T>,
): Promise<void> {
  const client = new Client(endpoint, grpcCredentials.createInsecure());
  const bytes = Buffer.from(encodeMessage(codec, request));
  try {
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(`/etcdserverpb.Auth/${method}`, asIs, asIs, bytes, (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  } finally {
    client.close();
  }
}

test('a client with a user works before and after the cluster gets users', async (context) => {
  const [server = assert.fail()] = await startCluster(context, 1);
  const endpoint = endpointOf(server);
  const credentials = { user: 'root', password: 'secret' };
  await using client = connect({ endpoints: [endpoint], credentials, timeoutMs: 20_000 });
  await client.put('k', '0');
  await using before = client.watch('k');
  await before.begun();
  const lease = await client.lease(60);
  await administer(endpoint, 'UserAdd', etcd.AuthUserAddRequest, {
    name: 'root',
    password: 'secret',
  });
  await administer(endpoint, 'UserGrantRole', etcd.AuthUserGrantRoleRequest, {
    user: 'root',
    role: 'root',
  });
  await administer(endpoint, 'AuthEnable', etcd.AuthEnableRequest, {});
  await client.put('k', '1', { lease });
  await using after = client.watch('k', { fromRevision: 1 });
  assert.equal((await after.next()).value?.type, 'put');
  assert.equal((await before.next()).value?.type, 'put');
  const lock = await client.lock('door');
  await lock.unlock();
  assert.equal(lease.isLost, false);
  await lease.revoke();
  await using stranger = connect({ endpoints: [endpoint] });
  await assert.rejects(stranger.get('k'), { code: 'CLIENT_REFUSED' });
  await assert.rejects(stranger.watch('k').next(), { code: 'CLIENT_REFUSED' });
  const wrong = { user: 'root', password: 'guess' };
  await using intruder = connect({ endpoints: [endpoint], credentials: wrong });
  await assert.rejects(intruder.get('k'), { code: 'CLIENT_REFUSED' });
  await assert.rejects(intruder.watch('k').next(), { code: 'CLIENT_REFUSED' });
});
