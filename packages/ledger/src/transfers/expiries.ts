/**
 * Which pending transfer expires next: a heap by moment (whole microseconds since the epoch, and 0
 * to 999 nanoseconds), then by position, which is the order of their timestamps. One that was
 * posted or voided meanwhile stays until its moment comes.
 */
export class Expiries {
  #micros = new Float64Array(64);
  #nanos = new Uint16Array(64);
  #positions = new Float64Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Infinity when nothing expires. */
  get firstMicros(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : (this.#micros[0] as number);
  }

  get firstNanos(): number {
    return this.#nanos[0] as number;
  }

  /** Of the first; there has to be one. */
  get firstPosition(): number {
    return this.#positions[0] as number;
  }

  /**
   * @param most of them
   * @returns positions of those whose moment comes by then, in no order
   */
  dueBy(micros: number, most: number): readonly number[] {
    const positions: number[] = [];
    // Whoever is later than `micros` has only later ones below it.
    const heads = [0];
    for (let at = heads.pop(); at !== undefined; at = heads.pop()) {
      if (at >= this.#count || (this.#micros[at] as number) > micros) continue;
      if (positions.length === most) break;
      positions.push(this.#positions[at] as number);
      heads.push(at * 2 + 2, at * 2 + 1);
    }
    return positions;
  }

  add(micros: number, nanos: number, position: number): void {
    if (this.#count === this.#micros.length) this.#grow();
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(micros, nanos, position, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, micros, nanos, position);
  }

  removeFirst(): void {
    const last = --this.#count;
    const micros = this.#micros[last] as number;
    const nanos = this.#nanos[last] as number;
    const position = this.#positions[last] as number;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= last) break;
      const other = child + 1;
      if (other < last && this.#isEarlier(other, child)) child = other;
      if (this.#isBefore(micros, nanos, position, child)) break;
      this.#move(child, at);
      at = child;
    }
    if (last > 0) this.#set(at, micros, nanos, position);
  }

  #isEarlier(left: number, right: number): boolean {
    return this.#isBefore(
      this.#micros[left] as number,
      this.#nanos[left] as number,
      this.#positions[left] as number,
      right,
    );
  }

  #isBefore(micros: number, nanos: number, position: number, at: number): boolean {
    const otherMicros = this.#micros[at] as number;
    if (micros !== otherMicros) return micros < otherMicros;
    const otherNanos = this.#nanos[at] as number;
    if (nanos !== otherNanos) return nanos < otherNanos;
    return position < (this.#positions[at] as number);
  }

  #set(at: number, micros: number, nanos: number, position: number): void {
    this.#micros[at] = micros;
    this.#nanos[at] = nanos;
    this.#positions[at] = position;
  }

  #move(from: number, to: number): void {
    this.#set(
      to,
      this.#micros[from] as number,
      this.#nanos[from] as number,
      this.#positions[from] as number,
    );
  }

  #grow(): void {
    const size = this.#micros.length * 2;
    const micros = new Float64Array(size);
    const nanos = new Uint16Array(size);
    const positions = new Float64Array(size);
    micros.set(this.#micros);
    nanos.set(this.#nanos);
    positions.set(this.#positions);
    [this.#micros, this.#nanos, this.#positions] = [micros, nanos, positions];
  }
}
