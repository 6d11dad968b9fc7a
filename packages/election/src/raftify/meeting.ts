import { parseAddress } from '@quorate/base';
import type { Round } from './decision.ts';
import { decodeHello, encodeHello, type Hello } from './hello.ts';
import type { Roster } from './roster.ts';
import type { SharedPort } from './shared-port.ts';

export interface MeetingOptions {
  readonly port: Pick<SharedPort, 'ask'>;
  readonly roster: Roster;
  /** What this node tells of itself just now. */
  readonly own: () => Hello;
}

const answerTimeoutMs = 3_000;

/** Asks other nodes who they are, all at once. @param addresses 'host:port' */
export async function meet(options: MeetingOptions, addresses: readonly string[]): Promise<Round> {
  const answers = new Map<string, Hello>();
  const silent = new Map<string, string>();
  const asked = addresses.map(async (text) => {
    const answer = await asking(options, text);
    if (typeof answer === 'string') silent.set(text, answer);
    else answers.set(text, answer);
  });
  await Promise.all(asked);
  return { answers, silent };
}

/** @returns the answer, or why there is none */
async function asking(
  { port, roster, own }: MeetingOptions,
  text: string,
): Promise<Hello | string> {
  const address = parseAddress(text);
  if (address === null) return 'that is no address';
  const bytes = await port.ask(address, encodeHello(own()), answerTimeoutMs);
  if (bytes instanceof Error) return reasonOf(bytes);
  const answer = decodeHello(bytes);
  if (answer === null) return 'it speaks another version';
  if (answer.address !== text) {
    return `it says that it is ${answer.address}: give it the same address in every peer_list`;
  }
  roster.learn(answer);
  return answer;
}

/** The address stands beside it already. */
function reasonOf(error: Error): string {
  const { metadata } = error as { readonly metadata?: { readonly reason?: unknown } };
  return typeof metadata?.reason === 'string' ? metadata.reason : error.message;
}
