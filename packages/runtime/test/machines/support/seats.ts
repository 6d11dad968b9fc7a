import type { SimpleEntry, SimpleStateMachine } from '../../../src/index.ts';

type Command = { kind: 'book'; seat: string; who: string } | { kind: 'release'; seat: string };
type Result = { ok: true; sinceMicros: number } | { ok: false; reason: string };
type Booking = { who: string; sinceMicros: number };

export class Seats implements SimpleStateMachine<Command, Result, string, Booking | null> {
  #bookings = new Map<string, Booking>();

  apply(command: Command, { timestampMicros }: SimpleEntry): Result {
    const { seat } = command;
    const found = this.#bookings.get(seat);
    if (command.kind === 'release') {
      if (found === undefined) return { ok: false, reason: 'not booked' };
      this.#bookings.delete(seat);
      return { ok: true, sinceMicros: found.sinceMicros };
    }
    if (found !== undefined) return { ok: false, reason: 'taken' };
    this.#bookings.set(seat, { who: command.who, sinceMicros: timestampMicros });
    return { ok: true, sinceMicros: timestampMicros };
  }

  query(seat: string): Booking | null {
    return this.#bookings.get(seat) ?? null;
  }

  toJSON(): unknown {
    return [...this.#bookings];
  }

  fromJSON(state: unknown): void {
    this.#bookings = new Map(state as [string, Booking][]);
  }

  checkCommand(command: unknown): void {
    const { kind, seat, who } = command as Record<string, unknown>;
    if (kind !== 'book' && kind !== 'release') throw new Error(`no such command: ${kind}`);
    if (typeof seat !== 'string') throw new Error('seat is missing');
    if (kind === 'book' && typeof who !== 'string') throw new Error('who is missing');
  }
}
