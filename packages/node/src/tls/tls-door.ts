import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import { formatAddress } from '@quorate/base';
import { tlsReason } from './tls-reason.ts';

/** What the two ends prove themselves by. */
export interface DoorKeys {
  readonly contextOptions: TlsOptions;
  readonly asksForCertificates: boolean;
  /** @param listener called after each change of `contextOptions` */
  onChange(listener: () => void): void;
}

/** Who is let in, and who hears of it. */
export interface TlsDoorOptions {
  /** Such as `WatchedCertificates`. */
  readonly certificates: DoorKeys;
  /** By ALPN (RFC 7301), the preferred one first. Who names none is let in. */
  readonly protocols: readonly string[];
  readonly limits: TlsDoorLimits;
  /** Why the other side's certificate, trusted as it is, is not let in; null: it is. */
  readonly judge: (certificate: X509Certificate | undefined) => string | null;
  /** What a failed handshake means, by its code; null: unknown. Left out: of certificates. */
  readonly reasonOf?: (code: string | undefined) => string | null;
  /** What an end in the middle of a handshake means. Left out: of certificates. */
  readonly brokenOffReason?: string;
  /** The handshake is done; from now on the socket is the owner's. */
  readonly secured: (socket: TLSSocket) => void;
  readonly refused: (remote: string, refusal: DoorRefusal) => void;
}

/** What handshakes may take. */
export interface TlsDoorLimits {
  /** From the connection to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** Connections whose handshake is not done; one more cuts the oldest. */
  readonly maxHandshakes: number;
}

/** `plaintext`: it began with something that is no handshake. */
export interface DoorRefusal {
  readonly kind: 'plaintext' | 'handshake';
  readonly reason: string;
}

/** The type of a record with a handshake (RFC 8446, 5.1). */
const handshakeRecord = 0x16;

/** A fatal alert, `protocol_version`: whoever knows TLS knows now that it is spoken here. */
const alertRecord = Uint8Array.of(0x15, 3, 3, 0, 2, 2, 70);

/**
 * A signature takes up to a millisecond or two, and nothing else happens meanwhile. So many
 * handshakes begin in a turn of the event loop; between the turns heartbeats pass.
 */
const handshakesInTurn = 2;

/** The side that verifies knows why, and does not tell the other. */
const brokenOff =
  "it broke the TLS handshake off, as who does not trust this side's certificate does; " +
  'its own log says why (ECONNRESET)';

/** Where accepted connections become TLS connections, or are turned away. */
export class TlsDoor {
  readonly #options: TlsDoorOptions;
  readonly #server: Server;
  /** In the order in which they came. */
  readonly #guests = new Map<Socket, NodeJS.Timeout>();
  /** Who they are, also when they have gone and nobody could tell any more. */
  readonly #remotes = new WeakMap<Socket, string>();
  /** What follows from turning them away is not told again. */
  readonly #refused = new WeakSet<Socket>();
  /** Those that have begun to speak and wait for their turn. */
  #waiting: Socket[] = [];
  #isTurnComing = false;

  constructor(options: TlsDoorOptions) {
    const { certificates, protocols, limits } = options;
    this.#options = options;
    this.#server = createServer({
      ...certificates.contextOptions,
      requestCert: certificates.asksForCertificates,
      rejectUnauthorized: certificates.asksForCertificates,
      ALPNProtocols: [...protocols],
      handshakeTimeout: limits.handshakeTimeoutMs,
    });
    certificates.onChange(() => this.#server.setSecureContext(certificates.contextOptions));
    this.#server.on('secureConnection', (socket) => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
  }

  /** @param socket just accepted, nothing read of it */
  enter(socket: Socket): void {
    const { handshakeTimeoutMs, maxHandshakes } = this.#options.limits;
    if (this.#guests.size >= maxHandshakes) {
      const [oldest] = this.#guests.keys();
      if (oldest !== undefined) this.#turnAway(oldest, 'too many handshakes are under way');
    }
    const late = `no TLS handshake within ${handshakeTimeoutMs} ms`;
    const timer = setTimeout(() => this.#turnAway(socket, late), handshakeTimeoutMs);
    const remote = formatAddress({
      host: socket.remoteAddress ?? 'unknown',
      port: socket.remotePort ?? 0,
    });
    this.#guests.set(socket, timer);
    this.#remotes.set(socket, remote);
    socket.once('close', () => this.#forget(socket));
    // What ends a connection that is nobody's yet is of no interest; `close` follows.
    socket.on('error', () => undefined);
    socket.on('readable', () => this.#peek(socket));
  }

  /** Cuts those that are under way; who was let in is not touched. */
  close(): void {
    for (const socket of this.#guests.keys()) socket.destroy();
  }

  #peek(socket: Socket): void {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    socket.removeAllListeners('readable');
    if (chunk[0] !== handshakeRecord) {
      this.#forget(socket);
      socket.end(alertRecord);
      socket.destroySoon();
      this.#refuse(socket, { kind: 'plaintext', reason: 'it does not speak TLS' });
      return;
    }
    socket.unshift(chunk);
    this.#waiting.push(socket);
    this.#takeTurn();
  }

  #takeTurn(): void {
    if (this.#isTurnComing || this.#waiting.length === 0) return;
    this.#isTurnComing = true;
    setImmediate(() => {
      this.#isTurnComing = false;
      const now = this.#waiting.slice(0, handshakesInTurn);
      this.#waiting = this.#waiting.slice(handshakesInTurn);
      for (const socket of now) if (!socket.destroyed) this.#server.emit('connection', socket);
      this.#takeTurn();
    });
  }

  #secured(socket: TLSSocket): void {
    const raw = rawOf(socket);
    this.#forget(raw);
    const reason = this.#options.judge(socket.getPeerX509Certificate());
    if (reason === null) {
      this.#options.secured(socket);
      return;
    }
    socket.on('error', () => undefined);
    socket.destroy();
    this.#refuse(raw, { kind: 'handshake', reason });
  }

  #failed(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    const raw = rawOf(socket);
    this.#forget(raw);
    socket.destroy();
    // Node.js says only that the connection ended when it was the certificate's fault.
    const verdict = socket.authorizationError as string | Error | null | undefined;
    const code = verdict instanceof Error ? verdict.message : (verdict ?? error.code);
    const failed = `the TLS handshake failed: ${code ?? error.message}`;
    const { reasonOf = tlsReason, brokenOffReason = brokenOff } = this.#options;
    const reason = code === 'ECONNRESET' ? brokenOffReason : (reasonOf(code) ?? failed);
    this.#refuse(raw, { kind: 'handshake', reason });
  }

  #turnAway(socket: Socket, reason: string): void {
    this.#forget(socket);
    socket.destroy();
    this.#refuse(socket, { kind: 'handshake', reason });
  }

  #forget(socket: Socket | undefined): void {
    if (socket === undefined) return;
    clearTimeout(this.#guests.get(socket));
    this.#guests.delete(socket);
  }

  #refuse(socket: Socket | undefined, refusal: DoorRefusal): void {
    if (socket !== undefined && this.#refused.has(socket)) return;
    if (socket !== undefined) this.#refused.add(socket);
    const remote = socket === undefined ? undefined : this.#remotes.get(socket);
    this.#options.refused(remote ?? 'unknown', refusal);
  }
}

/** Node.js gives no other way from a TLS connection to the one below it. */
function rawOf(socket: TLSSocket): Socket | undefined {
  return (socket as TLSSocket & { readonly _parent?: Socket })._parent;
}
