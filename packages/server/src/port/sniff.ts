import type { Socket } from 'node:net';

/** How every HTTP/2 connection begins (RFC 9113, 3.4), as far as it takes to know. */
const http2Preface = Buffer.from('PRI * HTTP/2.0');

/** How every TLS connection begins (RFC 8446, 5.1); no method of HTTP does. */
const tlsHandshake = 0x16;

/**
 * Reads as much of a new connection as it takes to know which protocol the client speaks, and puts
 * it back.
 *
 * @param timeoutMs a connection that has not said enough by then is cut
 * @param decided called at most once; not at all when the connection ends first
 */
export function sniffProtocol(
  socket: Socket,
  timeoutMs: number,
  decided: (protocol: 'http1' | 'http2' | 'tls') => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const onReadable = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const known = Math.min(seen.length, http2Preface.length);
    const isHttp2 = seen.compare(http2Preface, 0, known, 0, known) === 0;
    if (isHttp2 && known < http2Preface.length) return;
    finish();
    socket.unshift(seen);
    const isTls = seen[0] === tlsHandshake;
    decided(isHttp2 ? 'http2' : isTls ? 'tls' : 'http1');
  };
  const finish = (): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('close', finish);
    socket.off('error', ignore);
  };
  // What ends a connection before it has said anything is of no interest to anyone.
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  socket.on('close', finish);
  socket.on('readable', onReadable);
}
