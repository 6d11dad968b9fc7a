/** A running 53-bit digest of what happened (cyrb53-like mixing): equal runs have equal digests. */
export class EventHash {
  #high = 0xdeadbeef;
  #low = 0x41c6ce57;

  /** @param value a safe integer or a fraction; its 64 bits count */
  add(value: number): void {
    scratchFloat[0] = value;
    this.#mix(scratchBits[0] as number);
    this.#mix(scratchBits[1] as number);
  }

  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
  }

  #mix(bits: number): void {
    this.#high = Math.imul(this.#high ^ bits, 2654435761);
    this.#low = Math.imul(this.#low ^ bits, 1597334677);
    this.#high ^= this.#low >>> 15;
    this.#low ^= this.#high >>> 13;
  }

  /** 14 hex digits. */
  get digest(): string {
    const high = (this.#high >>> 0) & 0x1fffff;
    return high.toString(16).padStart(6, '0') + (this.#low >>> 0).toString(16).padStart(8, '0');
  }
}

const scratchFloat = new Float64Array(1);
const scratchBits = new Uint32Array(scratchFloat.buffer);
