import { CliError, messageOf } from '../cli-error.ts';
import type { Output } from '../output.ts';
import { stopRequested } from '../stop-signal.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';
import { leaseText } from './identifier-text.ts';
import { bytesToJson, writeBytes } from './key-text.ts';

export interface GrantFlags extends ClientFlags {
  readonly id: bigint | undefined;
}

export async function grantLease(
  ttlSeconds: number,
  flags: GrantFlags,
  output: Output,
): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const granted = await client.leases.grant(ttlSeconds, flags.id);
    const id = leaseText(granted.id);
    if (output.isJson) output.json({ id, ttlSeconds: granted.ttlSeconds });
    else output.line(`lease ${id} granted for ${granted.ttlSeconds} s`);
    return 0;
  });
}

export async function revokeLease(id: bigint, flags: ClientFlags, output: Output): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    await client.leases.revoke(id);
    if (output.isJson) output.json({ id: leaseText(id) });
    else output.line(`lease ${leaseText(id)} ended`);
    return 0;
  });
}

export interface ShowFlags extends ClientFlags {
  readonly isWithKeys: boolean;
}

export async function showLease(id: bigint, flags: ShowFlags, output: Output): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const lease = await client.leases.timeToLive(id, { keys: flags.isWithKeys });
    if (lease === null) throw noLease(id);
    const { ttlSeconds, grantedTtlSeconds, keys } = lease;
    if (output.isJson) {
      const shown = flags.isWithKeys ? { keys: keys.map(bytesToJson) } : {};
      output.json({ id: leaseText(id), ttlSeconds, grantedTtlSeconds, ...shown });
    } else {
      output.line(`lease ${leaseText(id)}: ${ttlSeconds} s left of ${grantedTtlSeconds} s`);
      for (const key of keys) writeBytes(key);
    }
    return 0;
  });
}

/** Renews it until it is told to stop. */
export async function keepLease(id: bigint, flags: ClientFlags, output: Output): Promise<number> {
  const stop = stopRequested(false, () => process.exit(1));
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const lease = await client.leases.keep(id);
    if (lease === null) throw noLease(id);
    if (output.isJson) output.json({ id: leaseText(id), ttlSeconds: lease.ttlSeconds });
    else output.line(`lease ${leaseText(id)} is kept alive, ${lease.ttlSeconds} s at a time`);
    const lost = new Promise<'lost'>((resolve) => {
      lease.lost.addEventListener('abort', () => resolve('lost'));
    });
    if ((await Promise.race([stop, lost])) !== 'lost') return 0;
    throw new CliError('CLI_REQUEST_FAILED', messageOf(lease.lost.reason), { cause: null });
  });
}

export async function listLeases(flags: ClientFlags, output: Output): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const ids = (await client.leases.list()).map(leaseText);
    if (output.isJson) output.json({ ids });
    else for (const id of ids) output.line(id);
    return 0;
  });
}

function noLease(id: bigint): CliError {
  const message = `there is no lease ${leaseText(id)}; quorate lease list shows those there are`;
  return new CliError('CLI_REQUEST_FAILED', message, { cause: null });
}
