import { createLogger, timers } from '@quorate/node';
import { FoundingFile } from './founding-file.ts';
import { openLinks } from './links.ts';
import { Opening } from './opening.ts';
import type { RaftifyNode } from './raftify-node.ts';
import { type RaftifyOptions, settingsOf } from './raftify-settings.ts';
import { Roster } from './roster.ts';
import { RunningRaftifyNode } from './running-raftify-node.ts';
import { SharedPort } from './shared-port.ts';
import { Standing } from './standing.ts';

/**
 * Opens the node that a `raftify.json` describes. The first time it waits until all founders are
 * there (`Bootstrap`), or until it was taken into a group that is there already; a node that was in
 * a group before waits for nobody. Meanwhile it logs, and tells `onWaiting`, whom it waits for.
 *
 * ```ts
 * await using node = await initNode('/etc/my-service');
 * if (node.getState() === 'Leader') act();
 * ```
 *
 * @param given the directory of `raftify.json`, or options with it
 * @throws the signal's reason; ElectionError ELECTION_OPTIONS_INVALID with the option, or the key
 *   of `raftify.json`, as `field`; what `createElection` throws
 */
export async function initNode(given: string | RaftifyOptions): Promise<RaftifyNode> {
  const options = typeof given === 'string' ? { directory: given } : given;
  const settings = settingsOf(options);
  options.signal?.throwIfAborted();
  const logger = createLogger(settings.log);
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const end of closers.splice(0).reverse()) end();
  };
  try {
    const file = await FoundingFile.open(settings.dataDir);
    closers.push(() => file.close());
    const links = await openLinks(options, settings, logger);
    closers.push(links.close);
    const { config, plan } = settings;
    const roster = new Roster(config.id);
    const standing = new Standing({ id: config.id, plan, file, roster, logger });
    const answer = (question: Uint8Array): Uint8Array | null => standing.answer(question);
    const port = new SharedPort({ network: links.network, timers, answer });
    const own = () => standing.hello();
    const meeting = { port, roster, own };
    const opening = new Opening({ options, settings, logger, file, standing, port, meeting });
    await opening.prepare();
    await port.open(config.bind);
    closers.push(() => port.close());
    const election = await opening.election();
    standing.election = election;
    return new RunningRaftifyNode({ settings, election, standing, roster, meeting, logger, close });
  } catch (error) {
    close();
    throw error;
  }
}
