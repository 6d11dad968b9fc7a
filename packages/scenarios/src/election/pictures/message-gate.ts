import type { GroupId, NodeId, PeerMessage } from '@quorate/schema';
import type { SimulatedClusterOptions, SimulatedNode } from '@quorate/sim';

type LinksThrough = NonNullable<SimulatedClusterOptions['linksThrough']>;
type PeerLinks = ReturnType<LinksThrough>;
type PeerLinkHandlers = Parameters<PeerLinks['start']>[0];

/** One message, where it arrives. */
export interface Letter {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: PeerMessage;
  /** To whatever process runs there then; may be called again: a message may come twice. */
  readonly deliver: () => void;
}

type Matches = (letter: Omit<Letter, 'deliver'>) => boolean;

type Schedule = (node: SimulatedNode, delayMs: number, callback: () => void) => void;

/** Messages that wait, in the order in which they came. */
export interface Held {
  readonly letters: readonly Letter[];
  /** What waits is delivered now, and nothing is held any more. */
  open(): void;
  /** What waits is lost; what comes still waits. */
  forget(): void;
}

/** Lets a script hold back, lose and repeat single messages of one group. */
export class MessageGate {
  readonly #group: GroupId;
  readonly #schedule: Schedule;
  readonly #holds = new Set<{ readonly matches: Matches; readonly letters: Letter[] }>();
  readonly #delays: { readonly matches: Matches; readonly delayMs: number }[] = [];
  /** Of the process that runs on a node now. */
  readonly #handlers = new Map<NodeId, PeerLinkHandlers>();
  readonly #watchers: ((letter: Omit<Letter, 'deliver'>) => void)[] = [];

  /** @param schedule calls back unless the node's process has ended by then */
  constructor(group: GroupId, schedule: Schedule) {
    this.#group = group;
    this.#schedule = schedule;
  }

  /** From now on what matches waits. */
  hold(matches: Matches): Held {
    const letters: Letter[] = [];
    const rule = { matches, letters };
    this.#holds.add(rule);
    return {
      letters,
      open: () => {
        this.#holds.delete(rule);
        for (const letter of letters.splice(0)) letter.deliver();
      },
      forget: () => void letters.splice(0),
    };
  }

  /** From now on what matches comes so much later, each by itself. */
  delay(matches: Matches, delayMs: number): void {
    this.#delays.push({ matches, delayMs });
  }

  /** Told of each message that leaves a node. */
  onSent(watcher: (letter: Omit<Letter, 'deliver'>) => void): void {
    this.#watchers.push(watcher);
  }

  through(node: SimulatedNode, links: PeerLinks): PeerLinks {
    return {
      ...links,
      start: (handlers, done) => {
        this.#handlers.set(node.id, handlers);
        const message: PeerLinkHandlers['message'] = (from, group, message) => {
          if (group !== this.#group || !this.#isHeld(node, from, message)) {
            handlers.message(from, group, message);
          }
        };
        links.start({ ...handlers, message }, done);
      },
      send: (to, group, message) => {
        if (group === this.#group) {
          for (const watcher of this.#watchers) watcher({ from: node.id, to, message });
        }
        return links.send(to, group, message);
      },
    };
  }

  #isHeld(node: SimulatedNode, from: NodeId, message: PeerMessage): boolean {
    const letter = { from, to: node.id, message };
    let isHeld = false;
    for (const { matches, letters } of this.#holds) {
      if (!matches(letter)) continue;
      isHeld = true;
      letters.push({ ...letter, deliver: () => this.#deliver(node, letter) });
    }
    if (isHeld) return true;
    const late = this.#delays.find(({ matches }) => matches(letter));
    if (late !== undefined) this.#deliver(node, letter, late.delayMs);
    return late !== undefined;
  }

  #deliver(node: SimulatedNode, { from, message }: Omit<Letter, 'deliver'>, delayMs = 0): void {
    this.#schedule(node, delayMs, () => {
      if (node.host === null) return;
      this.#handlers.get(node.id)?.message(from, this.#group, message);
    });
  }
}
