import { formatAddress } from '@quorate/base';
import type { ClientMember, EndpointStatus, QuorateClient } from '@quorate/client';
import Table from 'cli-table3';
import colours from 'picocolors';
import { byteText } from '../byte-text.ts';
import { formatMemberId } from '../child-message.ts';
import { messageOf } from '../cli-error.ts';
import { parseHttpUrl } from '../configuration/url.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';

export interface StatusFlags extends ClientFlags {
  /** Ask every member, not only the endpoints given. */
  readonly isCluster: boolean;
}

interface Row {
  readonly endpoint: string;
  readonly status: EndpointStatus | null;
  readonly member: ClientMember | null;
  readonly error: string | null;
}

/** @returns 1 when a node cannot be reached or knows of no leader */
export async function status(flags: StatusFlags, output: Output): Promise<number> {
  const given = chooseEndpoints(flags.endpoints);
  return withClient(given, flags, async (client) => {
    const members = flags.isCluster ? await client.members() : null;
    const endpoints = members === null ? given : endpointsOf(members);
    const rows = await askAll(client, endpoints, members);
    if (output.isJson) for (const row of rows) output.json(rowToJson(row));
    else {
      output.line(renderTable(rows));
      for (const { error } of rows) if (error !== null) output.line(colours.red(error));
    }
    return rows.every((row) => row.status !== null && row.status.leader !== 0n) ? 0 : 1;
  });
}

function endpointsOf(members: readonly ClientMember[]): string[] {
  const byName = members.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const urls = byName.flatMap((member) => member.clientUrls.slice(0, 1));
  const endpoints = urls.map((text) => {
    const url = parseHttpUrl(text);
    return typeof url === 'string' || url.isSecure ? text : formatAddress(url);
  });
  return [...new Set(endpoints)];
}

async function askAll(
  client: QuorateClient,
  endpoints: readonly string[],
  known: readonly ClientMember[] | null,
): Promise<Row[]> {
  const answers = await Promise.all(
    endpoints.map((endpoint) =>
      client.status(endpoint).catch((error: unknown) => messageOf(error)),
    ),
  );
  const hasLeader = answers.some((answer) => typeof answer !== 'string' && answer.leader !== 0n);
  // Names are an extra, and without a leader nobody may be able to tell them.
  const members = known ?? (hasLeader ? await client.members().catch(() => []) : []);
  return answers.map((answer, index) => {
    const endpoint = endpoints[index] ?? '';
    if (typeof answer === 'string') return { endpoint, status: null, member: null, error: answer };
    const member = members.find(({ id }) => id === answer.memberId) ?? null;
    return { endpoint, status: answer, member, error: null };
  });
}

function roleOf({ status: answer, member }: Row): string {
  if (answer === null) return '';
  if (answer.leader === answer.memberId) return 'leader';
  if (member?.isLearner) return 'learner';
  return answer.leader === 0n ? 'no leader' : 'follower';
}

function renderTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['endpoint', 'id', 'name', 'role', 'term', 'index', 'applied', 'db size', 'version'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    const { endpoint, status: answer, member } = row;
    if (answer === null) {
      // Why stands below: a sentence would make the whole table too wide for a terminal.
      table.push([endpoint, { colSpan: 8, content: colours.red('no answer') }]);
      continue;
    }
    const role = roleOf(row);
    table.push([
      endpoint,
      formatMemberId(answer.memberId),
      member?.name ?? '',
      role === 'leader' ? colours.green(role) : role,
      answer.raftTerm,
      answer.raftIndex,
      answer.raftAppliedIndex,
      byteText(answer.dbSizeBytes),
      answer.version,
    ]);
  }
  return table.toString();
}

function rowToJson(row: Row): object {
  const { endpoint, status: answer, member, error } = row;
  if (answer === null) return { endpoint, error };
  return {
    endpoint,
    memberId: formatMemberId(answer.memberId),
    name: member?.name ?? null,
    role: roleOf(row),
    leader: answer.leader === 0n ? null : formatMemberId(answer.leader),
    term: answer.raftTerm,
    index: answer.raftIndex,
    appliedIndex: answer.raftAppliedIndex,
    dbSizeBytes: answer.dbSizeBytes,
    version: answer.version,
  };
}
