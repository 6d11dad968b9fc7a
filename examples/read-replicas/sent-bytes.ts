import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const open = new Set<Socket>();
let closedBytes = 0;

for (const channel of ['net.client.socket', 'net.server.socket']) {
  subscribe(channel, (message) => {
    const { socket } = message as { socket: Socket };
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      closedBytes += socket.bytesWritten;
    });
  });
}

/** All that this process has handed to the network since this module was loaded. */
export function sentBytes(): number {
  return [...open].reduce((sum, socket) => sum + socket.bytesWritten, closedBytes);
}

/** What of it went to peers, by the node's metrics; the rest went to replicas. */
export function sentToPeers(metricsText: string): number {
  const counted = metricsText.matchAll(/^quorate_transport_sent_bytes_total\{.*\} (\d+)$/gm);
  return [...counted].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}
