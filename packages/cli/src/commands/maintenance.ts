import { formatMemberId } from '../child-message.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';

export interface CompactFlags extends ClientFlags {
  readonly isPhysical: boolean;
}

export async function compact(
  revision: number,
  flags: CompactFlags,
  output: Output,
): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    await client.compact(revision, { physical: flags.isPhysical });
    if (output.isJson) output.json({ revision });
    else output.line(`compacted revision ${revision}`);
    return 0;
  });
}

const alarmNames = { noSpace: 'NOSPACE', corrupt: 'CORRUPT' } as const;

export async function alarms(
  command: 'list' | 'disarm',
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async ({ maintenance }) => {
    const found = command === 'list' ? await maintenance.alarms() : await maintenance.disarm();
    const shown = found.map(({ memberId, kind }) => {
      return { memberId: formatMemberId(memberId), alarm: alarmNames[kind] };
    });
    if (output.isJson) output.json({ [command === 'list' ? 'alarms' : 'disarmed']: shown });
    else for (const { memberId, alarm } of shown) output.line(`${memberId}  ${alarm}`);
    return 0;
  });
}

export interface DefragmentFlags extends ClientFlags {
  readonly isCluster: boolean;
}

export async function defragment(flags: DefragmentFlags, output: Output): Promise<number> {
  const given = chooseEndpoints(flags.endpoints);
  return withClient(given, flags, async (client) => {
    const members = flags.isCluster ? await client.members() : [];
    const endpoints = flags.isCluster ? members.flatMap(({ clientUrls }) => clientUrls) : given;
    for (const endpoint of endpoints) {
      await client.maintenance.defragment(endpoint);
      if (output.isJson) output.json({ endpoint });
      else output.line(`${endpoint}  done`);
    }
    return 0;
  });
}

export async function moveLeader(
  memberId: bigint,
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async (client) => {
    const target = BigInt.asUintN(64, memberId);
    await client.maintenance.moveLeader(target);
    if (output.isJson) output.json({ leader: formatMemberId(target) });
    else output.line(`${formatMemberId(target)} leads`);
    return 0;
  });
}
