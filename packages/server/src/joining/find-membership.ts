import { setTimeout as pause } from 'node:timers/promises';
import { type Address, formatAddress, type Logger } from '@quorate/base';
import { askCluster, type ClusterDescription, type DescribedMember } from '@quorate/node';
import { apiIdOf, ServerError } from '../core/index.ts';
import type { ServerOptions } from '../server.ts';
import { addressOf, describeAddresses, type Origin, othersOf, ownConfig } from './origin.ts';

/** How long the members may take until one that knows of this node answers. */
const patienceMs = 15_000;
const answerTimeoutMs = 2000;
const pauseMs = 300;
/** Founders that are not there yet do not answer: so much later does a cluster begin. */
const founderAnswerTimeoutMs = 400;

/** What was seen in a round, for the case that it was the last. */
interface Round {
  readonly answers: readonly ClusterDescription[];
  /** The leader itself has been heard. */
  readonly isConfirmed: boolean;
}

/**
 * Finds out as which member this node was added: the one whose peer URL is this node's.
 *
 * @throws ServerError SERVER_JOIN_REFUSED, whose message says what to do
 */
export async function findMembership(options: ServerOptions, logger: Logger): Promise<Origin> {
  const contacts = othersOf(options);
  const own = ownAddresses(options);
  if (contacts.length === 0) {
    throw refused('the settings name no member to ask: list the members beside this one');
  }
  const deadlineMs = performance.now() + (options.joinTimeoutMs ?? patienceMs);
  for (;;) {
    const round = await askAll(contacts, options, logger);
    const found = whereAmong(round.answers, own);
    if (found !== null) return originFrom(found, options, contacts);
    // A member that is behind may not know of this one yet; the leader does.
    if (round.isConfirmed) throw notAdded(round.answers, own);
    if (performance.now() + pauseMs >= deadlineMs) throw unfound(round.answers, contacts, own);
    logger.info('waiting for members that know of this one', {
      contacts: describeAddresses(contacts),
    });
    await pause(pauseMs);
  }
}

/**
 * Refuses to found a cluster again that knows this node with other data. It would do no harm
 * (ADR 0021) and no good: nobody would listen to it. What is not found out here others tell later.
 *
 * @throws ServerError SERVER_JOIN_REFUSED
 */
export async function refuseReturned(
  clusterId: string,
  options: ServerOptions,
  logger: Logger,
): Promise<void> {
  const contacts = othersOf(options);
  const answers = await answersOf(contacts, options, logger, founderAnswerTimeoutMs);
  const ofCluster = answers.filter((answer) => answer.clusterId === clusterId);
  const found = whereAmong(ofCluster, ownAddresses(options));
  if (found?.self.incarnation !== undefined) throw hasRunBefore(found.self, options);
}

function ownAddresses(options: ServerOptions): ReadonlySet<string> {
  return new Set(ownConfig(options).peerUrls.map((url) => formatAddress(addressOf(url))));
}

/** @returns the newest first */
async function answersOf(
  contacts: readonly Address[],
  { network }: ServerOptions,
  logger: Logger,
  timeoutMs: number,
): Promise<ClusterDescription[]> {
  const given = network === undefined ? {} : { network };
  const outcomes = await Promise.allSettled(
    contacts.map((contact) => askCluster(contact, { ...given, logger, timeoutMs })),
  );
  return outcomes
    .filter((outcome) => outcome.status === 'fulfilled')
    .map(({ value }) => value)
    .sort((a, b) => indexOf(b) - indexOf(a));
}

async function askAll(
  contacts: readonly Address[],
  options: ServerOptions,
  logger: Logger,
): Promise<Round> {
  const answers = await answersOf(contacts, options, logger, answerTimeoutMs);
  const clusters = new Set(answers.map(({ clusterId }) => clusterId));
  if (clusters.size > 1) {
    throw refused(
      `the members listed are of different clusters (${[...clusters].join(', ')}): list those of ` +
        'one cluster',
    );
  }
  const isConfirmed = answers.some(({ nodeId, groups }) => groups[0]?.leader === nodeId);
  return { answers, isConfirmed };
}

interface Found {
  readonly answer: ClusterDescription;
  readonly self: DescribedMember;
}

/** @param answers the newest first */
function whereAmong(
  answers: readonly ClusterDescription[],
  own: ReadonlySet<string>,
): Found | null {
  for (const answer of answers) {
    const self = membersOf(answer).find(({ address }) => own.has(canonical(address)));
    if (self !== undefined) return { answer, self };
  }
  return null;
}

/** As `own` has it: an address may be written in several ways. */
function canonical(address: string): string {
  const url = `http://${address}`;
  return URL.canParse(url) ? formatAddress(addressOf(url)) : '';
}

function originFrom(
  { answer, self }: Found,
  options: ServerOptions,
  contacts: readonly Address[],
): Origin {
  const { clusterId, clusterName = null } = answer;
  const { clusterToken, acceptsAnyToken = false } = options;
  if (!acceptsAnyToken && clusterName !== null && clusterName !== clusterToken) {
    throw refused(
      `the cluster's token is '${clusterName}', and this node was given '${clusterToken}': give ` +
        'it theirs or none, or list the members of the cluster that is meant',
    );
  }
  // Blank, under the id of a node that has voted and acknowledged (ADR 0021).
  if (self.incarnation !== undefined) throw hasRunBefore(self, options);
  const members = new Map(
    membersOf(answer)
      .filter(({ address }) => canonical(address) !== '')
      .map(({ id, address }) => [id, addressOf(`http://${address}`)] as const),
  );
  return { clusterId, nodeId: self.id, clusterName, members, founders: new Map(), contacts };
}

function hasRunBefore({ id, address }: DescribedMember, options: ServerOptions): ServerError {
  return refused(
    `member ${apiIdOf(id).toString(16)} at ${address} has run before, and its data is not in ` +
      `${options.dataDirectory ?? 'memory'}: restore its data directory; or, if that is lost, ` +
      'have the member removed and added again, and start it anew',
  );
}

function membersOf({ groups }: ClusterDescription): readonly DescribedMember[] {
  return groups[0]?.members ?? [];
}

function indexOf({ groups }: ClusterDescription): number {
  return groups[0]?.index ?? 0;
}

function notAdded(answers: readonly ClusterDescription[], own: ReadonlySet<string>): ServerError {
  const [newest] = answers;
  const members = newest === undefined ? [] : membersOf(newest);
  const waiting = members.filter(({ incarnation }) => incarnation === undefined);
  const at = [...own].join(', ');
  if (waiting.length > 0) {
    const added = waiting
      .map(({ id, address }) => `${apiIdOf(id).toString(16)} at ${address}`)
      .join(', ');
    return refused(
      `no member has the peer URL of this node, ${at}; added and not started yet: ${added}. ` +
        'Advertise the URL that was given when it was added, or correct that with member update',
    );
  }
  return refused(
    `this node is no member of the cluster: nobody was added at ${at}. Add it first, with ` +
      `quorate member add NAME --peer-urls http://${at} (of a ledger: quorate ledger member ` +
      'add), then start it',
  );
}

function unfound(
  answers: readonly ClusterDescription[],
  contacts: readonly Address[],
  own: ReadonlySet<string>,
): ServerError {
  if (answers.length > 0) {
    return refused(
      `the cluster has no leader who could say whether this node, ${[...own].join(', ')}, was ` +
        'added: bring back a majority of its members, then start this one again',
    );
  }
  return refused(
    `none of the members listed answers (${describeAddresses(contacts)}): check that they run ` +
      'and that this machine reaches their peer URLs',
  );
}

function refused(reason: string): ServerError<'SERVER_JOIN_REFUSED'> {
  return new ServerError('SERVER_JOIN_REFUSED', `cannot join the cluster: ${reason}`, { reason });
}
