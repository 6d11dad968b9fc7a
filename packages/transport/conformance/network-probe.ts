import {
  type Address,
  type Connection,
  type ConnectionHandlers,
  concatBytes,
  type Listener,
  type Network,
} from '@quorate/base';
import { demand, type Pace, waitFor } from '@quorate/base/conformance';
import { networkRules } from './network-rules.ts';

/** What `checkNetwork` is given; each case asks for a fresh one. */
export interface NetworkHarness extends Pace {
  /** The network of the process that listens. */
  readonly listening: Network;
  /** Of the process that connects; may be the same. */
  readonly connecting: Network;
  /** Where a case may listen: port 0, or an address that nothing else uses. */
  address(): Address;
  /** Where nobody listens. */
  deadAddress(): Promise<Address>;
  /** Where to connect to for what listens at `address`: itself by default, or a proxy before it. */
  via?(address: Address): Promise<Address>;
  /** Called when a case is over. */
  dispose?(): Promise<void>;
}

/** One end of a connection: keeps what its handlers are told, and what they never should be. */
export class Probe {
  connection: Connection | null = null;
  readonly chunks: Uint8Array[] = [];
  readonly reasons: string[] = [];
  drained = 0;
  /** What must never happen, as a sentence; null while all is well. */
  fault: string | null = null;
  /** Called with each chunk. */
  onData: () => void = () => undefined;
  #isInCall = false;
  #isClosedHere = false;

  readonly handlers: ConnectionHandlers = {
    data: (chunk) => {
      this.#notice('data');
      this.chunks.push(Uint8Array.from(chunk));
      this.onData();
    },
    drained: () => {
      this.#notice('drained');
      this.drained += 1;
    },
    closed: (reason) => {
      if (this.#isInCall) this.fault ??= 'It called closed from inside the call of close.';
      if (this.reasons.length > 0) this.fault ??= 'It called closed twice.';
      this.reasons.push(reason);
    },
  };

  get received(): Uint8Array {
    return concatBytes(this.chunks);
  }

  get receivedBytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  write(...chunks: readonly Uint8Array[]): boolean {
    this.#isInCall = true;
    const isBelow = this.connection?.write(chunks) === true;
    this.#isInCall = false;
    return isBelow;
  }

  close(reason: string): void {
    this.#isInCall = true;
    this.#isClosedHere = true;
    this.connection?.close(reason);
    this.#isInCall = false;
  }

  /** @throws ConformanceFailure */
  check(): void {
    demand(this.fault === null, networkRules.handlers, this.fault ?? '');
  }

  #notice(call: string): void {
    if (this.reasons.length > 0) this.fault ??= `It called ${call} after closed.`;
    if (this.#isClosedHere) this.fault ??= `It called ${call} after close.`;
    if (this.#isInCall) this.fault ??= `It called ${call} from inside a call of the connection.`;
  }
}

export interface ListenerProbe {
  readonly listener: Listener;
  readonly accepted: Probe[];
}

/** @param onAccept sees each connection as it is accepted */
export async function listen(
  harness: NetworkHarness,
  onAccept: (probe: Probe) => void = () => undefined,
): Promise<ListenerProbe> {
  const accepted: Probe[] = [];
  const answers: { error: Error | null; listener: Listener | null }[] = [];
  const accept = (connection: Connection): ConnectionHandlers => {
    const probe = new Probe();
    probe.connection = connection;
    accepted.push(probe);
    onAccept(probe);
    return probe.handlers;
  };
  harness.listening.listen(harness.address(), accept, (error, listener) => {
    answers.push({ error, listener });
  });
  const isAnswered = (): boolean => answers.length > 0;
  await waitFor(harness, isAnswered, networkRules.listen, () => 'It never called done.');
  const { error = null, listener = null } = answers[0] ?? {};
  const failure = `It did not listen where it was asked to: ${error?.message}.`;
  demand(listener !== null, networkRules.listen, failure);
  return { listener, accepted };
}

/** @returns what `connect` answered, with the probe whose handlers it was given */
export async function connect(
  harness: NetworkHarness,
  address: Address,
): Promise<{ probe: Probe; error: Error | null }> {
  const probe = new Probe();
  const answers: { error: Error | null; connection: Connection | null }[] = [];
  const target = (await harness.via?.(address)) ?? address;
  harness.connecting.connect(target, probe.handlers, (error, connection) => {
    probe.connection = connection;
    answers.push({ error, connection });
  });
  const isAnswered = (): boolean => answers.length > 0;
  const never = (): string => 'connect never called done.';
  await waitFor(harness, isAnswered, networkRules.connect, never);
  const { error = null, connection = null } = answers[0] ?? {};
  const both = `connect answered with ${error === null ? 'neither' : 'both'} of its results.`;
  demand((error === null) !== (connection === null), networkRules.connect, both);
  return { probe, error };
}

export interface Pair {
  readonly client: Probe;
  readonly server: Probe;
  readonly listener: Listener;
}

/** Two ends of one connection. */
export async function pair(
  harness: NetworkHarness,
  onAccept?: (probe: Probe) => void,
): Promise<Pair> {
  const { listener, accepted } = await listen(harness, onAccept);
  const client = await connected(harness, listener);
  const isThere = (): boolean => accepted.length > 0;
  await waitFor(harness, isThere, networkRules.accept, () => 'accept was never called.');
  const server = accepted[0] as Probe;
  return { client, server, listener };
}

export async function connected(harness: NetworkHarness, listener: Listener): Promise<Probe> {
  const { probe, error } = await connect(harness, listener.address);
  const refused = `connect failed where a listener was: ${error?.message}.`;
  demand(error === null, networkRules.connect, refused);
  return probe;
}

/** Ends a pair in order and sees that both sides hear of it. */
export async function part(harness: NetworkHarness, { client, server, listener }: Pair) {
  if (client.reasons.length === 0) client.close('the case is over');
  const areClosed = (): boolean => client.reasons.length > 0 && server.reasons.length > 0;
  await waitFor(harness, areClosed, networkRules.closed, () => {
    const who = client.reasons.length === 0 ? 'the side that closed' : 'the other side';
    return `After close, ${who} was never told by closed.`;
  });
  listener.close();
  client.check();
  server.check();
}
