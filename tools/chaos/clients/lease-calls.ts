import { decodeMessage, encodeMessage, etcd } from '@quorate/schema';
import type { Connection, Outcome } from './connection.ts';
import { bytes, methods, streamPaths } from './methods.ts';
import { leaseId, leaseName } from './versions.ts';
import type { Worker } from './worker.ts';

const keepAliveTimeoutMs = 2500;

/** @returns the lease's name and its seconds to live, or null */
export async function grant(
  worker: Worker,
  ttl: number,
): Promise<{ readonly lease: string; readonly ttl: number } | null> {
  const answer = await worker.record(
    'grant',
    null,
    { ttl },
    (connection) => connection.call(methods.grant, { TTL: ttl }),
    ({ ID, TTL }) => ({ value: { lease: leaseName(ID), ttl: TTL } }),
  );
  return answer === null ? null : { lease: leaseName(answer.ID), ttl: answer.TTL };
}

/** @returns the seconds it lives on: 0 when it is gone, null when nothing is known */
export async function keepAlive(worker: Worker, lease: string): Promise<number | null> {
  const answer = await worker.record(
    'keepalive',
    null,
    { lease },
    (connection) => renewOnce(connection, lease),
    ({ TTL }) => ({ value: { lease, ttl: TTL } }),
  );
  return answer?.TTL ?? null;
}

export async function revoke(worker: Worker, lease: string): Promise<void> {
  await worker.record(
    'revoke',
    null,
    { lease },
    (connection) => connection.call(methods.revoke, { ID: leaseId(lease) }),
    () => ({ value: { lease } }),
  );
}

/** A stream for one renewal: a client that has lost its stream does no other. */
function renewOnce(
  connection: Connection,
  lease: string,
): Promise<Outcome<etcd.LeaseKeepAliveResponse>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      stream.cancel();
      resolve({ kind: 'info', error: 'no answer in time' });
    }, keepAliveTimeoutMs);
    const end = (outcome: Outcome<etcd.LeaseKeepAliveResponse>): void => {
      clearTimeout(timer);
      stream.cancel();
      resolve(outcome);
    };
    const stream = connection.stream(streamPaths.keepAlive, {
      message: (message) => {
        const answer = decodeMessage(etcd.LeaseKeepAliveResponse, message);
        end(
          answer === null
            ? { kind: 'info', error: 'an answer that cannot be read' }
            : { kind: 'ok', answer },
        );
      },
      ended: (error) => end({ kind: 'info', error }),
    });
    stream.send(encodeMessage(etcd.LeaseKeepAliveRequest, { ID: leaseId(lease) }));
  });
}

/** Puts a key that lives no longer than the lease. */
export async function attach(
  worker: Worker,
  key: string,
  value: string,
  lease: string,
): Promise<boolean> {
  const answer = await worker.record(
    'attach',
    key,
    { lease, value },
    (to) => to.call(methods.put, { key: bytes(key), value: bytes(value), lease: leaseId(lease) }),
    () => ({ value: { lease, value } }),
  );
  return answer !== null;
}
