/** Keeps what `Authenticate` gave until a server refuses it. */
export class Tokens {
  readonly #authenticate: (() => Promise<string>) | null;
  #token: Promise<string> | null = null;

  /** @param authenticate gets a new token; null when the client has no user */
  constructor(authenticate: (() => Promise<string>) | null) {
    this.#authenticate = authenticate;
  }

  get canRenew(): boolean {
    return this.#authenticate !== null;
  }

  /** '' when there is none to be had; rejects as `authenticate` does, and then asks again. */
  async token(): Promise<string> {
    if (this.#authenticate === null) return '';
    const token = this.#token ?? this.#authenticate();
    this.#token = token;
    try {
      return await token;
    } catch (error) {
      if (this.#token === token) this.#token = null;
      throw error;
    }
  }

  /** Forgets a token that was refused, unless another has taken its place already. */
  async refuse(used: string): Promise<void> {
    const token = this.#token;
    if (token === null) return;
    const present = await token.catch(() => used);
    if (present === used && this.#token === token) this.#token = null;
  }
}
