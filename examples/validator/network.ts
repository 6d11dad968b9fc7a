import type { KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Chain, openSlots } from './chain.ts';
import type { Links } from './links.ts';
import type { PlannedFault } from './plan.ts';
import { type Report, Signers, type SignersOptions } from './signers.ts';

type Options = Omit<SignersOptions, 'told'> & { readonly publicKey: KeyObject };

/** Why a slot has no block. */
type Reason = 'no leader' | 'claim refused' | 'claimed, but not signed in time';

const deeds = ['kill', 'start', 'stop', 'go', 'cut', 'mend', 'crash', 'freeze'] as const;
type Deed = (typeof deeds)[number];

/** What may be typed; `crash` and `freeze` wait for the next signature. */
export const verbs = `${deeds.map((deed) => `${deed} N`).join(', ')}, status, quit`;

function isDeed(word: string): word is Deed {
  return (deeds as readonly string[]).includes(word);
}

/** The chain, its validator's signers, and what befalls them. */
export class Network {
  readonly #chain: Chain;
  readonly #signers: Signers;
  readonly #links: Links;
  #leader = 0;
  #newestToken = 0n;
  readonly #tokens = new Set<string>();
  /** By slot of a block: somebody has, or had, leave to sign it. */
  readonly #claimed = new Set<number>();
  readonly #refused = new Set<number>();
  /** Who is to be interrupted at the next signature. */
  readonly #awaited = new Map<number, 'crash' | 'stop'>();
  readonly #hit = new Map<PlannedFault, number>();

  constructor({ publicKey, ...options }: Options) {
    this.#chain = new Chain(publicKey);
    this.#links = options.links;
    this.#signers = new Signers({ ...options, told: (id, report) => this.#told(id, report) });
  }

  async open(): Promise<void> {
    await Promise.all(this.#signers.ids.map((id) => this.#signers.start(id)));
  }

  get slot(): number {
    return this.#chain.slot;
  }

  get isPunished(): boolean {
    return this.#chain.offences.length > 0;
  }

  /** All signers are up, and one leads. */
  get isWhole(): boolean {
    const isUp = this.#signers.ids.every((id) => this.#signers.stateOf(id) === 'up');
    return isUp && this.#leader !== 0;
  }

  nextSlot(): void {
    this.#chain.nextSlot();
    this.#announce();
  }

  begin(fault: PlannedFault): void {
    const id = fault.whom === 'leader' ? this.#leader : fault.whom;
    this.#hit.set(fault, id);
    const leads = id === this.#leader ? 'the leader' : 'no leader';
    console.log(`slot ${this.#chain.slot}: ${doing[fault.what]} ${id}, ${leads}`);
    void this.#do(words[fault.what], id);
  }

  /** Whether a leader that stands still has been replaced: earlier it would not be interesting. */
  isOver(fault: PlannedFault): boolean {
    return fault.what !== 'stopInSign' || this.#leader !== this.#hit.get(fault);
  }

  undo(fault: PlannedFault): void {
    const id = this.#hit.get(fault);
    if (id === undefined) return;
    this.#awaited.delete(id);
    this.#signers.order({ kind: 'atNextSignature', what: null }, id);
    if (fault.what === 'cut') void this.#do('mend', id);
    else if (fault.what === 'stop' || fault.what === 'stopInSign') void this.#do('go', id);
    else void this.#do('start', id);
  }

  /** What the user types: says what became of it, once that is so. */
  async obey(word: string, whom: string): Promise<void> {
    const id = Number(whom);
    if (word === 'status') this.#show();
    else if (!isDeed(word)) console.log(`'${word}' is none of these: ${verbs}`);
    else if (!this.#signers.ids.includes(id)) {
      console.log(`${word}: '${whom}' is no signer; give 1, 2 or 3, such as '${word} 1'`);
    } else {
      const before = this.#signers.stateOf(id);
      await this.#do(word, id);
      console.log(`${word} ${id}: it was ${before}, and is ${this.#signers.stateOf(id)}`);
    }
  }

  async #do(deed: Deed, id: number): Promise<void> {
    switch (deed) {
      case 'kill':
        return this.#signers.kill(id);
      case 'start':
        return this.#signers.start(id).catch(complain);
      case 'stop':
        return this.#signers.stop(id);
      case 'go':
        return this.#signers.go(id);
      case 'cut':
        return this.#links.cut(id);
      case 'mend':
        return this.#links.mend(id);
      case 'crash':
        return this.#interrupt(id, 'crash');
      case 'freeze':
        return this.#interrupt(id, 'stop');
    }
  }

  /** Everybody goes on, and has a few slots' time for what is open still. */
  async settle(msPerSlot: number): Promise<void> {
    for (const id of this.#signers.ids) {
      this.#links.mend(id);
      this.#signers.order({ kind: 'atNextSignature', what: null }, id);
      this.#signers.go(id);
    }
    for (let left = openSlots / 2; left > 0 && this.#chain.openDuties().length > 0; left--) {
      this.#announce();
      await pause(msPerSlot);
    }
    await this.#signers.endAll();
  }

  async close(): Promise<void> {
    await this.#signers.endAll();
    this.#links.close();
  }

  /** @returns whether the validator goes unpunished */
  judge(): boolean {
    const { slot, signedBlocks, signedVotes, offences, invalid } = this.#chain;
    const missed = this.#chain.missedBlocks();
    const count = (reason: Reason): string => {
      return `${missed.filter((one) => this.#reasonOf(one) === reason).length} ${reason}`;
    };
    console.log(`slots ${slot}, blocks signed ${signedBlocks}, votes signed ${signedVotes}`);
    const reasons = (['claimed, but not signed in time', 'claim refused', 'no leader'] as const)
      .map(count)
      .join('; ');
    console.log(`blocks missed ${missed.length}: ${reasons}`);
    console.log(`leaderships ${this.#tokens.size}, invalid signatures ${invalid}`);
    for (const offence of offences) console.log(`WRONG: ${offence}`);
    console.log(`double signatures ${offences.length}`);
    if (signedBlocks === 0) console.log('nothing was signed, so nothing is shown');
    return offences.length === 0 && invalid === 0 && signedBlocks > 0;
  }

  #reasonOf(slot: number): Reason {
    if (this.#claimed.has(slot)) return 'claimed, but not signed in time';
    return this.#refused.has(slot) ? 'claim refused' : 'no leader';
  }

  /** Tells the signers what is to be signed. */
  #announce(): void {
    this.#signers.order({ kind: 'duties', duties: this.#chain.openDuties() });
  }

  #interrupt(id: number, what: 'crash' | 'stop'): void {
    this.#awaited.set(id, what);
    this.#signers.order({ kind: 'atNextSignature', what }, id);
  }

  #told(id: number, report: Report): void {
    if (report.kind === 'elected') {
      const token = BigInt(report.token);
      this.#tokens.add(report.token);
      if (token > this.#newestToken) [this.#newestToken, this.#leader] = [token, id];
    } else if (report.kind === 'maySign') {
      if (report.what === 'block') this.#claimed.add(report.slot);
      if (this.#awaited.get(id) === 'stop') this.#signers.stopsItself(id);
      this.#awaited.delete(id);
    } else if (report.kind === 'refused') {
      if (report.what !== 'block') return;
      // Somebody had leave, and has not said so any more.
      if (report.reason === 'otherDigest') this.#claimed.add(report.slot);
      else this.#refused.add(report.slot);
    } else if (report.kind === 'signed') {
      const { content, signature } = report;
      this.#chain.take({ content, signature: Buffer.from(signature, 'hex') });
    }
  }

  #show(): void {
    const { slot, signedBlocks, offences } = this.#chain;
    const states = this.#signers.ids.map((id) => {
      const leads = id === this.#leader ? ', elected last' : '';
      return `${id} ${this.#signers.stateOf(id)}${leads}`;
    });
    console.log(states.join('; '));
    const wrong = `double signatures ${offences.length}`;
    console.log(`slot ${slot}, blocks signed ${signedBlocks}, ${wrong}`);
  }
}

const doing = {
  kill: 'kill',
  stop: 'stop',
  cut: 'cut off',
  crashInSign: 'kill, between claim and signature,',
  stopInSign: 'stop, between claim and signature,',
} as const;

const words = {
  kill: 'kill',
  stop: 'stop',
  cut: 'cut',
  crashInSign: 'crash',
  stopInSign: 'freeze',
} as const;

function complain(error: Error): void {
  console.log(error.message);
}
