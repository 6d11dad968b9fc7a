import type { Counter, Gauge, Metrics } from '@quorate/base';
import type { NodeId } from '@quorate/schema';

/** What is counted about the links to and from one peer. */
export interface PeerMetrics {
  sent(messages: number, bytes: number): void;
  received(messages: number, bytes: number): void;
  dropped(messages: number): void;
  reconnected(): void;
  connected(isConnected: boolean): void;
}

export class LinkMetrics {
  readonly #sentMessages: Counter;
  readonly #sentBytes: Counter;
  readonly #receivedMessages: Counter;
  readonly #receivedBytes: Counter;
  readonly #droppedMessages: Counter;
  readonly #reconnects: Counter;
  readonly #connected: Gauge;

  constructor(metrics: Metrics) {
    const counter = (name: string, help: string): Counter =>
      metrics.counter({ name: `quorate_transport_${name}`, help, labels: ['peer'] });
    this.#sentMessages = counter('sent_messages_total', 'Messages handed to the network');
    this.#sentBytes = counter('sent_bytes_total', 'Bytes of frames handed to the network');
    this.#receivedMessages = counter('received_messages_total', 'Messages delivered');
    this.#receivedBytes = counter('received_bytes_total', 'Bytes received after the handshake');
    this.#droppedMessages = counter(
      'dropped_messages_total',
      'Messages not sent: no link, a full queue, or too long',
    );
    this.#reconnects = counter('reconnects_total', 'Links that came up again after the first time');
    this.#connected = metrics.gauge({
      name: 'quorate_transport_connected',
      help: '1 while the outgoing control link to the peer is up',
      labels: ['peer'],
    });
  }

  of(peer: NodeId): PeerMetrics {
    const labels = { peer: String(peer) };
    return {
      sent: (messages, bytes) => {
        this.#sentMessages.add(messages, labels);
        this.#sentBytes.add(bytes, labels);
      },
      received: (messages, bytes) => {
        this.#receivedMessages.add(messages, labels);
        this.#receivedBytes.add(bytes, labels);
      },
      dropped: (messages) => this.#droppedMessages.add(messages, labels),
      reconnected: () => this.#reconnects.add(1, labels),
      connected: (isConnected) => this.#connected.set(isConnected ? 1 : 0, labels),
    };
  }
}
