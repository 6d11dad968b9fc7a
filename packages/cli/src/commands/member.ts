import type { ClientMember, MemberChange } from '@quorate/client';
import Table from 'cli-table3';
import { formatMemberId } from '../child-message.ts';
import { CliError } from '../cli-error.ts';
import { parseHttpUrl } from '../configuration/url.ts';
import type { Output } from '../output.ts';
import { type ClientFlags, chooseEndpoints, withClient } from './endpoints.ts';

export interface AddMemberFlags extends ClientFlags {
  /** Comma-separated. */
  readonly peerUrls: string;
  readonly isLearner: boolean;
}

export async function listMembers(flags: ClientFlags, output: Output): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async ({ cluster }) => {
    const members = await cluster.members();
    if (output.isJson) for (const member of members) output.json(memberToJson(member));
    else output.line(renderTable(members));
    return 0;
  });
}

/** Prints the settings with which the new node is to be started. */
export async function addMember(
  name: string,
  flags: AddMemberFlags,
  output: Output,
): Promise<number> {
  const peerUrls = parsePeerUrls(flags.peerUrls);
  return withClient(chooseEndpoints(flags.endpoints), flags, async ({ cluster }) => {
    refuseNameInUse(name, await cluster.members());
    const change = await cluster.add(peerUrls, { isLearner: flags.isLearner });
    const { member, clusterId } = change;
    const settings = settingsFor(name, peerUrls, change);
    if (output.isJson) {
      output.json({
        clusterId: formatMemberId(clusterId),
        member: member === null ? null : memberToJson(member),
        settings,
      });
      return 0;
    }
    const kind = flags.isLearner ? 'learner' : 'member';
    const id = formatMemberId(member?.id ?? 0n);
    output.line(`added ${kind} ${id} to cluster ${formatMemberId(clusterId)}; start it with`);
    output.line('');
    for (const [key, value] of Object.entries(settings)) output.line(`  --${key} ${value}`);
    return 0;
  });
}

/** @param which a member's name, or its id in hexadecimal; as in the other two */
export async function removeMember(
  which: string,
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  return change(which, flags, output, 'removed', (client, id) => client.remove(id));
}

export async function updateMember(
  which: string,
  flags: ClientFlags & { readonly peerUrls: string },
  output: Output,
): Promise<number> {
  const peerUrls = parsePeerUrls(flags.peerUrls);
  return change(which, flags, output, 'updated', (client, id) => client.update(id, peerUrls));
}

export async function promoteMember(
  which: string,
  flags: ClientFlags,
  output: Output,
): Promise<number> {
  return change(which, flags, output, 'promoted', (client, id) => client.promote(id));
}

type Client = Parameters<Parameters<typeof withClient>[2]>[0]['cluster'];

function change(
  which: string,
  flags: ClientFlags,
  output: Output,
  done: string,
  make: (cluster: Client, id: bigint) => Promise<MemberChange>,
): Promise<number> {
  return withClient(chooseEndpoints(flags.endpoints), flags, async ({ cluster }) => {
    const member = idOf(which, await cluster.members());
    const { clusterId, members } = await make(cluster, member);
    const id = formatMemberId(clusterId);
    if (output.isJson) output.json({ clusterId: id, members: members.map(memberToJson) });
    else output.line(`${done} member ${formatMemberId(member)} of cluster ${id}`);
    return 0;
  });
}

/** A name may look like an id, and an id may be of nobody: whether it is, the cluster says. */
function idOf(which: string, members: readonly ClientMember[]): bigint {
  const isId = /^[0-9a-fA-F]{1,16}$/.test(which);
  const byId = members.find(
    ({ id }) => isId && formatMemberId(id) === which.toLowerCase().padStart(16, '0'),
  );
  if (byId !== undefined) return byId.id;
  const named = members.filter(({ name }) => name === which);
  const [found] = named;
  if (found !== undefined && named.length === 1) return found.id;
  if (named.length === 0 && isId) return BigInt.asIntN(64, BigInt(`0x${which}`));
  const name = JSON.stringify(which);
  const ids = named.map(({ id }) => formatMemberId(id)).join(', ');
  const message =
    named.length === 0
      ? `no member has the name ${name}; give an id, as member list prints it`
      : `${named.length} members have the name ${name}; give the id of one: ${ids}`;
  throw new CliError('CLI_USAGE', message, {});
}

/**
 * The settings that are printed would say of one name where two members are, and whoever removes
 * the one by its name would remove the other.
 */
function refuseNameInUse(name: string, members: readonly ClientMember[]): void {
  const owner = members.find((one) => shownName(one) === name);
  if (owner === undefined) return;
  const id = formatMemberId(owner.id);
  const message =
    `member ${id} has the name ${JSON.stringify(name)}: give the new one another name, ` +
    `or first remove that member (member remove ${id}). Nothing was changed`;
  throw new CliError('CLI_REQUEST_FAILED', message, { cause: null });
}

/** One that has not started yet has no name. */
function shownName({ id, name }: ClientMember): string {
  return name === '' ? formatMemberId(id) : name;
}

/** As the new node has to be told: whoever is there, itself with the name it will have. */
function settingsFor(
  name: string,
  peerUrls: readonly string[],
  { member, members }: MemberChange,
): Readonly<Record<string, string>> {
  const others = members.filter(({ id }) => id !== member?.id);
  // Of one without a name any will do, for only its URL is asked.
  const named = others.map((one) => ({ ...one, name: shownName(one) }));
  const cluster = [{ name, peerUrls }, ...named].flatMap((one) =>
    one.peerUrls.map((url) => `${one.name}=${url}`),
  );
  return {
    name,
    'initial-cluster': cluster.join(','),
    'initial-advertise-peer-urls': peerUrls.join(','),
    'initial-cluster-state': 'existing',
  };
}

function parsePeerUrls(text: string): string[] {
  return text.split(',').map((part) => {
    const url = parseHttpUrl(part.trim());
    if (typeof url !== 'string') return url.text;
    throw new CliError('CLI_USAGE', `--peer-urls: ${url}`, {});
  });
}

function renderTable(members: readonly ClientMember[]): string {
  const table = new Table({
    head: ['id', 'name', 'part', 'peer URLs', 'client URLs'],
    style: { head: [], border: [], compact: true },
  });
  for (const { id, name, isLearner, peerUrls, clientUrls } of members) {
    const shown = name === '' ? '(not started)' : name;
    const part = isLearner ? 'learner' : 'voter';
    table.push([formatMemberId(id), shown, part, peerUrls.join('\n'), clientUrls.join('\n')]);
  }
  return table.toString();
}

function memberToJson({ id, name, peerUrls, clientUrls, isLearner }: ClientMember): object {
  return { memberId: formatMemberId(id), name, peerUrls, clientUrls, isLearner };
}
