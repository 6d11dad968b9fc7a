/** What is used of `@markwylde/liferaft`, which declares no types. */
export interface LiferaftPacket {
  readonly type: string;
  readonly data?: { readonly granted?: boolean };
}

export interface Liferaft {
  readonly state: number;
  readonly term: number;
  /** The address of the leader, or of whom it has voted for; empty: nobody. */
  readonly leader: string;
  on(event: 'error' | 'state change' | 'leader change' | 'term change', listener: () => void): void;
  emit(
    event: 'data',
    packet: LiferaftPacket,
    reply: (packet?: LiferaftPacket | Promise<LiferaftPacket>) => void,
  ): void;
  join(
    address: string,
    write: (
      packet: LiferaftPacket,
      written: (error: Error | undefined, answer?: unknown) => void,
    ) => void,
  ): void;
  end(): void;
}

export interface LiferaftClass {
  new (address: string, options: Readonly<Record<string, unknown>>): Liferaft;
  readonly LEADER: number;
  readonly CANDIDATE: number;
}
