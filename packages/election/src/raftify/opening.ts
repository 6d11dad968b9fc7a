import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type Logger, parseAddress, present } from '@quorate/base';
import { recordedOwner } from '@quorate/node';
import { createElection } from '../create-election.ts';
import type { Election } from '../election.ts';
import type { ElectionOptions } from '../election-options.ts';
import { LeaveMark } from '../members/leave-mark.ts';
import { refuse } from '../refuse-option.ts';
import { decide, type Round } from './decision.ts';
import type { FoundingFile } from './founding-file.ts';
import type { FoundingSet } from './founding-plan.ts';
import { type MeetingOptions, meet } from './meeting.ts';
import { clusterName, nodeIdOf } from './node-id.ts';
import { inFile } from './raftify-config.ts';
import type { RaftifyOptions, RaftifySettings } from './raftify-settings.ts';
import type { SharedPort } from './shared-port.ts';
import type { Standing } from './standing.ts';
import { WaitingLog } from './waiting-log.ts';

/** Between two rounds of questions. */
const roundPauseMs = 250;
/** Of one attempt to be taken in. */
const joinTimeoutMs = 5_000;

export interface OpeningParts {
  readonly options: RaftifyOptions;
  readonly settings: RaftifySettings;
  readonly logger: Logger;
  readonly file: FoundingFile;
  readonly standing: Standing;
  readonly port: SharedPort;
  readonly meeting: MeetingOptions;
}

/** How a node comes to its election. */
export class Opening {
  readonly #parts: OpeningParts;
  readonly #waiting: WaitingLog;
  readonly #votesDir: string;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
    this.#waiting = new WaitingLog(parts.logger, parts.options.onWaiting);
    this.#votesDir = join(parts.settings.dataDir, 'votes');
  }

  /** Before anybody is told anything: is this directory this node's, and is it whole? */
  async prepare(): Promise<void> {
    const { file, settings, standing } = this.#parts;
    const { config, plan, dataDir } = settings;
    const { record } = file;
    const owner = await recordedOwner(this.#votesDir);
    standing.isMember = owner !== null;
    if (record === null) {
      await file.write({ id: config.id, address: plan.own, accepted: null, wasMember: false });
      return;
    }
    if (record.id !== config.id) {
      const fix = 'give each node a directory of its own, and the same one for good';
      const problem = `is '${config.id}', and ${dataDir} is the directory of '${record.id}'`;
      inFile(settings.file, () => refuse('id', problem, fix));
    }
    if (record.wasMember && owner === null) {
      const problem = `${dataDir} has lost the votes of this node`;
      const fix = 'restore them, or have this node removed from the group and remove the directory';
      refuse('dataDir', problem, fix);
    }
    if (record.address === plan.own) return;
    if (record.accepted !== null || owner !== null) {
      const problem = `is ${plan.own}, and this node was ${record.address} when it found its group`;
      const fix = `give that again; or shut it down with leave, remove ${dataDir}, and let it join`;
      inFile(settings.file, () => refuse('bind_addr', problem, fix));
    }
    await file.write({ ...record, address: plan.own });
  }

  async election(): Promise<Election> {
    const { standing, file } = this.#parts;
    const election = standing.isMember ? await this.#back() : await this.#seek();
    try {
      const record = present(file.record, 'it was written before');
      standing.isMember = true;
      standing.isLost = false;
      if (!record.wasMember) await file.write({ ...record, wasMember: true });
      return election;
    } catch (error) {
      await election.close();
      throw error;
    }
  }

  /** Waits for nobody: the directory knows the group. */
  async #back(): Promise<Election> {
    await this.#checkPerformance();
    const { file, settings } = this.#parts;
    const accepted = file.record?.accepted ?? null;
    const isFounder = accepted?.founders.some(({ address }) => address === settings.plan.own);
    const hasLeft = new LeaveMark(this.#votesDir).state !== null;
    if (accepted !== null && isFounder === true && !hasLeft) return this.#found(accepted);
    return this.#comeIn();
  }

  /** Into the group that the directory is of, and no other; where this node is in it, at once. */
  async #comeIn(): Promise<Election> {
    const contacts = this.#others();
    for (;;) {
      this.#parts.options.signal?.throwIfAborted();
      const outcome = await this.#join(contacts);
      if (!(outcome instanceof Error)) return outcome;
      this.#refused(contacts, outcome);
      await this.#pause();
    }
  }

  /** Nobody that is there may have other times: a leader trusts in the patience of the voters. */
  async #checkPerformance(): Promise<void> {
    const { plan, file } = this.#parts.settings;
    const { answers } = await this.#ask();
    for (const { phase, address, performance } of answers.values()) {
      if (phase !== 'member' || performance === plan.performance) continue;
      const problem = `is ${plan.performance}, and ${address} runs with ${performance}`;
      const fix = 'stop all nodes, make it the same on all, and start them';
      inFile(file, () => refuse('performance', problem, fix));
    }
  }

  async #seek(): Promise<Election> {
    const { file, settings, standing } = this.#parts;
    for (;;) {
      const record = present(file.record, 'it was written before');
      const { accepted } = record;
      const seeker = { id: settings.config.id, plan: settings.plan, accepted };
      const decision = decide(seeker, await this.#ask());
      standing.isLost = decision.kind === 'wait' && decision.isLost;
      if (decision.kind === 'accept') {
        await file.write({ ...record, accepted: decision.set });
        continue;
      }
      if (decision.kind === 'found') {
        // From now on it may vote, so from now on it says that there is a group.
        standing.isMember = true;
        return await this.#found(decision.set);
      }
      if (decision.kind === 'join') {
        if (accepted !== null) await file.write({ ...record, accepted: null });
        const outcome = await this.#join(decision.contacts);
        if (!(outcome instanceof Error)) return outcome;
        this.#refused(decision.contacts, outcome);
        // The attempt may have bound the directory to that group: it never founds another then.
        standing.isMember = (await recordedOwner(this.#votesDir)) !== null;
        if (standing.isMember) {
          await this.#pause();
          return await this.#comeIn();
        }
      } else {
        const { present: there, expected, problems, isLost } = decision;
        const state = isLost ? 'Rejoin' : 'Bootstrap';
        this.#waiting.tell({ state, present: there, expected, problems });
      }
      await this.#pause();
    }
  }

  async #ask(): Promise<Round> {
    const { options, meeting } = this.#parts;
    return aborted(meet(meeting, this.#others()), options.signal);
  }

  #others(): readonly string[] {
    const { plan } = this.#parts.settings;
    const { accepted = null } = this.#parts.file.record ?? {};
    const all = new Set([...plan.all, ...(accepted?.all ?? [])]);
    all.delete(plan.own);
    return [...all];
  }

  #found({ founders }: FoundingSet): Promise<Election> {
    const peers = founders.map(({ address, id }) => ({ id: nodeIdOf(id), address }));
    for (const { id } of founders) this.#parts.meeting.roster.add(id);
    return createElection({ ...this.#common(), peers });
  }

  /** @returns the election, or why nobody has taken this node in yet */
  async #join(contacts: readonly string[]): Promise<Election | Error> {
    const { address: listen } = this.#parts.settings;
    const addresses = contacts.map((text) => present(parseAddress(text), 'it was one before'));
    const join = addresses.length === 0 ? {} : { join: addresses };
    try {
      return await createElection({ ...this.#common(), ...join, listen });
    } catch (error) {
      const { code = '' } = error as { readonly code?: string };
      if (error instanceof Error && /^(HOST|RUNTIME)_/.test(code)) return error;
      throw error;
    }
  }

  #common(): Omit<ElectionOptions, 'peers' | 'join'> {
    const { options, settings, port } = this.#parts;
    const { config, timing, removeDead, log } = settings;
    const { generation, workEndsWithinMs, onHalt } = options;
    return {
      id: nodeIdOf(config.id),
      dataDir: this.#votesDir,
      cluster: clusterName,
      value: options.value ?? config.id,
      timing,
      ...(removeDead === null ? {} : { removeDead }),
      rejoin: true,
      timeoutMs: Math.max(joinTimeoutMs, 20 * timing.electionTimeoutMs),
      network: () => port.network,
      log,
      ...(generation === undefined ? {} : { generation }),
      ...(workEndsWithinMs === undefined ? {} : { workEndsWithinMs }),
      ...(onHalt === undefined ? {} : { onHalt }),
    };
  }

  #refused(contacts: readonly string[], error: Error): void {
    const { metadata } = error as { readonly metadata?: { readonly code?: unknown } };
    // By the leader's word: the group has this node as one with another directory.
    this.#parts.standing.isLost = metadata?.code === 'NODE_ID_TAKEN';
    const problems = new Map([
      [contacts.join(', '), `does not take this node in: ${error.message}`],
    ]);
    this.#waiting.tell({ state: 'Rejoin', present: 0, expected: 1, problems });
  }

  async #pause(): Promise<void> {
    const { signal } = this.#parts.options;
    await aborted(setTimeout(roundPauseMs), signal);
  }
}

/** As the promise; or the signal's reason, as soon as it is aborted. */
async function aborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  const { promise: end, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, end]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
