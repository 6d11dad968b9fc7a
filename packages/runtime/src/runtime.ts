import type { Timer } from '@quorate/base';
import { assert, Prng, present } from '@quorate/base';
import type { GroupWrite } from '@quorate/raft';
import { type GroupId, maxEntriesPerMessage, type PeerMessage } from '@quorate/schema';
import type { GroupOptions } from './group-context.ts';
import { type DriverHost, GroupDriver } from './group-driver.ts';
import type { GroupHandle } from './group-handle.ts';
import { isolated } from './isolated.ts';
import { NodeHeartbeats } from './quiescence/node-heartbeats.ts';
import { closingError, haltedError } from './request-errors.ts';
import type { RuntimeError } from './runtime-error.ts';
import type { RuntimeOptions } from './runtime-options.ts';
import { SendRate } from './send-rate.ts';

/** In the envelope of what concerns a node as a whole. */
const noGroup: GroupId = 0;
/** So long running proposals are waited for at the end, if something goes on meanwhile... */
const drainMs = 2000;
/** ...and so long if nothing does. Then the lead is handed over. */
const standstillMs = 600;
const handOverMs = 500;
const closeCheckMs = 20;

/**
 * Runs many groups in one process. Events wake a group; once the events that arrived together are
 * all in, each group that was woken has one turn, and the turns' writes go to the log as one batch.
 */
export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #drivers = new Map<GroupId, GroupDriver>();
  #woken = new Set<GroupDriver>();
  #turnDeferred = false;
  #tickTimer: Timer | null = null;
  #tickAtMs = Number.POSITIVE_INFINITY;
  #sweepTimer: Timer | null = null;
  #sweepAtMs = Number.POSITIVE_INFINITY;
  readonly #nodeHeartbeats: NodeHeartbeats;
  readonly #snapshotRate: SendRate;
  readonly #waitingForClose: (() => void)[] = [];
  #closed = false;
  #state: 'running' | 'stopping' | 'stopped' = 'running';
  #halted: RuntimeError | null = null;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    const { ports, nodeId, tuning, links } = options;
    this.#snapshotRate = new SendRate(ports.clock, tuning.snapshotBytesPerSecond);
    this.#nodeHeartbeats = new NodeHeartbeats({
      nodeId,
      heartbeatIntervalMs: tuning.heartbeatIntervalMs,
      electionTimeoutMs: tuning.electionTimeoutMs,
      maxSleepingGroups: maxEntriesPerMessage,
      timers: ports.timers,
      prng: new Prng(seedFrom(ports.crypto.randomBytes(6))),
      nowMs: () => ports.clock.monotonicMs(),
      send: (to, message) => {
        links.send(to, noGroup, message);
        links.flush();
      },
      sleeper: (group) => this.#drivers.get(group),
    });
  }

  /** Groups are added before `start`. */
  addGroup(group: GroupOptions): void {
    assert(!this.#drivers.has(group.id), `group ${group.id} is added once`);
    const host: DriverHost = {
      options: this.#options,
      wake: (driver) => this.#wake(driver),
      halt: (error) => this.#halt(error),
      nodeHeartbeats: this.#nodeHeartbeats,
      snapshotRate: this.#snapshotRate,
      refusal: () => this.#refusal(),
    };
    const driver = new GroupDriver(host, group);
    this.#drivers.set(group.id, driver);
  }

  group(id: GroupId): GroupHandle<unknown> {
    return present(this.#drivers.get(id), `group ${id} was added`);
  }

  /**
   * Opens the links to peers, then begins to take part. `done` once every group has read what it
   * starts from; when it cannot, the runtime halts instead.
   */
  start(done: (error: Error | null) => void): void {
    this.#options.links.start(
      {
        message: (_from, group, message) => {
          if (this.#state !== 'stopped') this.#receive(group, message);
        },
        greeted: (peer, incarnation) => {
          if (this.#state === 'stopped') return;
          for (const driver of this.#drivers.values()) driver.greeted(peer, incarnation);
        },
        connected: () => {
          for (const driver of this.#drivers.values()) driver.linkUp();
        },
        disconnected: (peer) => {
          if (this.#state === 'stopped') return;
          for (const driver of this.#drivers.values()) driver.linkLost(peer);
        },
      },
      (error) => {
        if (error === null) {
          this.#begin(done);
        } else {
          this.#shutDown(closingError());
          done(error);
        }
      },
    );
  }

  #receive(group: GroupId, message: PeerMessage): void {
    if (message.type === 'NodeHeartbeat') this.#nodeHeartbeats.received(message);
    else if (message.type === 'NodeHeartbeatResponse') this.#nodeHeartbeats.answered(message);
    else this.#drivers.get(group)?.receive(message);
  }

  #begin(done: (error: Error | null) => void): void {
    let unread = this.#drivers.size;
    for (const driver of this.#drivers.values()) {
      this.#wake(driver);
      driver.onceRestored(() => {
        unread -= 1;
        if (unread === 0) done(null);
      });
    }
    this.#sweep();
  }

  /**
   * Refuses new work, lets running proposals finish, hands its leaderships over, then closes links
   * and log. Bounded: proposals are waited for up to 2 s as long as the log moves on, and 0.6 s
   * when it does not; the hand-over takes half a second at most. `done` once the log is closed.
   */
  stop(done: () => void): void {
    if (this.#closed) {
      done();
      return;
    }
    this.#waitingForClose.push(done);
    if (this.#waitingForClose.length > 1) return;
    if (this.#state === 'stopped') {
      this.#closeLog();
      return;
    }
    this.#state = 'stopping';
    const drivers = [...this.#drivers.values()];
    const nowMs = (): number => this.#options.ports.clock.monotonicMs();
    let reached = -1;
    let movedMs = nowMs();
    this.#until(
      drainMs,
      () => {
        let progress = 0;
        for (const driver of drivers) progress += driver.progress;
        if (progress !== reached) movedMs = nowMs();
        reached = progress;
        return nowMs() - movedMs >= standstillMs || drivers.every((driver) => driver.idle);
      },
      () => {
        const handing = drivers.filter((driver) => driver.isLeader && driver.handOver());
        this.#until(
          handOverMs,
          () => !handing.some((driver) => driver.isLeader),
          () => {
            this.#shutDown(closingError());
            this.#closeLog();
          },
        );
      },
    );
  }

  #closeLog(): void {
    this.#options.logStore.close(() => {
      this.#closed = true;
      for (const done of this.#waitingForClose) done();
    });
  }

  #until(limitMs: number, holds: () => boolean, then: () => void): void {
    const { clock, timers } = this.#options.ports;
    const deadlineMs = clock.monotonicMs() + limitMs;
    const check = (): void => {
      const late = clock.monotonicMs() >= deadlineMs;
      if (this.#state === 'stopped' || late || holds()) then();
      else timers.after(closeCheckMs, check);
    };
    check();
  }

  #shutDown(error: RuntimeError): void {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#tickTimer?.cancel();
    this.#sweepTimer?.cancel();
    this.#woken.clear();
    this.#nodeHeartbeats.close();
    this.#options.links.close();
    for (const driver of this.#drivers.values()) driver.close(error);
  }

  /** The disk or a state machine can no longer be trusted: silence is safer than going on. */
  #halt(error: Error): void {
    if (this.#state === 'stopped') return;
    this.#options.ports.logger.error('node halted', { reason: error.message });
    this.#halted = haltedError(error);
    this.#shutDown(this.#halted);
    isolated(this.#options.ports.timers, () => this.#options.onHalt(error));
  }

  #refusal(): RuntimeError | null {
    if (this.#state === 'running') return null;
    return this.#halted ?? closingError();
  }

  #wake(driver: GroupDriver): void {
    if (this.#state === 'stopped') return;
    this.#woken.add(driver);
    if (this.#turnDeferred) return;
    this.#turnDeferred = true;
    this.#options.ports.timers.defer(() => this.#turn());
  }

  #turn(): void {
    this.#turnDeferred = false;
    if (this.#state === 'stopped') return;
    const woken = this.#woken;
    this.#woken = new Set();
    const writes: GroupWrite[] = [];
    const persisted: (() => void)[] = [];
    for (const driver of woken) {
      const turn = driver.turn();
      if (turn === null) continue;
      writes.push(turn.write);
      persisted.push(turn.persisted);
    }
    // A state machine that threw in one of the turns has halted everything.
    if (this.#isStopped()) return;
    this.#options.links.flush();
    if (writes.length > 0) {
      this.#options.logStore.submit(writes, (error) => {
        if (this.#state === 'stopped') return;
        if (error !== null) {
          this.#halt(error);
          return;
        }
        for (const callback of persisted) callback();
        this.#unpin();
      });
    }
    for (const driver of woken) {
      this.#tickBy(driver.deadlineMs);
      this.#sweepBy(driver.sessionTickMs);
    }
  }

  #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #unpin(): void {
    const { pinnedBy } = this.#options.logStore;
    if (pinnedBy !== null) this.#drivers.get(pinnedBy)?.unpin();
  }

  #tickBy(deadlineMs: number): void {
    if (deadlineMs >= this.#tickAtMs || this.#state === 'stopped') return;
    const { clock, timers } = this.#options.ports;
    this.#tickTimer?.cancel();
    this.#tickAtMs = deadlineMs;
    const delayMs = Math.max(0, deadlineMs - clock.monotonicMs());
    this.#tickTimer = timers.after(delayMs, () => this.#tickDue(false));
  }

  /**
   * @param socketsRead after a stall timers run before sockets are read: a leader may seem silent
   *   whose heartbeats wait in our own socket, so they are read once first (safety rule 4)
   */
  #tickDue(socketsRead: boolean): void {
    if (this.#state === 'stopped') return;
    const { clock, timers } = this.#options.ports;
    const nowMs = clock.monotonicMs();
    const lateMs = nowMs - this.#tickAtMs;
    if (lateMs > this.#options.tuning.heartbeatIntervalMs && !socketsRead) {
      timers.defer(() => this.#tickDue(true));
      return;
    }
    this.#tickAtMs = Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const driver of this.#drivers.values()) {
      driver.tick(nowMs);
      // A deadline that is due has just woken its group, whose turn will ask for the next tick.
      if (driver.deadlineMs > nowMs) nextMs = Math.min(nextMs, driver.deadlineMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) this.#tickBy(nextMs);
  }

  #sweepBy(deadlineMs: number): void {
    if (deadlineMs >= this.#sweepAtMs || this.#state === 'stopped') return;
    const { clock, timers } = this.#options.ports;
    this.#sweepTimer?.cancel();
    this.#sweepAtMs = deadlineMs;
    const delayMs = Math.max(0, deadlineMs - clock.monotonicMs());
    this.#sweepTimer = timers.after(delayMs, () => this.#sweep());
  }

  /** All groups at once, for what may come a little late or early: it then costs little. */
  #sweep(): void {
    if (this.#state === 'stopped') return;
    const { ports, tuning } = this.#options;
    const nowMs = ports.clock.monotonicMs();
    this.#sweepAtMs = Number.POSITIVE_INFINITY;
    let nextMs = nowMs + tuning.requestTimeoutMs / 8;
    for (const driver of this.#drivers.values()) {
      driver.expire(nowMs);
      nextMs = Math.min(nextMs, driver.sessionTickMs);
    }
    this.#sweepBy(nextMs);
  }
}

function seedFrom(bytes: Uint8Array): number {
  return bytes.reduce((seed, byte) => seed * 256 + byte, 0);
}
