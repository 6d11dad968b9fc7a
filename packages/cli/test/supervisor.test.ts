import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultBackOff } from '../src/supervisor/back-off.ts';
import type { ClusterEvent } from '../src/supervisor/cluster-event.ts';
import { type NodeHandlers, Supervisor } from '../src/supervisor/supervisor.ts';

interface Launched {
  readonly handlers: NodeHandlers;
  readonly signals: string[];
  isAlive: boolean;
}

/** A supervisor over processes and a clock that are only data. */
class World {
  readonly events: ClusterEvent[] = [];
  readonly refusals: string[] = [];
  readonly launches: string[] = [];
  readonly processes = new Map<string, Launched>();
  readonly supervisor: Supervisor;
  #nowMs = 0;
  #timers: { atMs: number; callback: () => void }[] = [];

  constructor() {
    this.supervisor = new Supervisor({
      nodes: ['n1', 'n2', 'n3'],
      launch: (name, handlers) => this.#launch(name, handlers),
      clock: { monotonicMs: () => this.#nowMs },
      timers: {
        after: (delayMs, callback) => {
          const timer = { atMs: this.#nowMs + delayMs, callback };
          this.#timers.push(timer);
          return {
            cancel: () => {
              this.#timers = this.#timers.filter((other) => other !== timer);
            },
          };
        },
      },
      backOff: defaultBackOff,
      stopTimeoutMs: 5000,
      onEvent: (event) => this.events.push(event),
      onRefusal: (error) => this.refusals.push(error.message),
    });
  }

  #launch(name: string, handlers: NodeHandlers) {
    const launched: Launched = { handlers, signals: [], isAlive: true };
    this.processes.set(name, launched);
    this.launches.push(name);
    return {
      processId: this.launches.length,
      kill: (signal: string) => {
        launched.signals.push(signal);
      },
    };
  }

  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= endMs);
      const next = due.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = next.atMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }

  say(name: string, message: Parameters<NodeHandlers['message']>[0]): void {
    this.processes.get(name)?.handlers.message(message);
  }

  ready(...names: string[]): void {
    for (const name of names) this.say(name, { kind: 'ready', memberId: id(name) });
  }

  leader(name: string, leader: string | null, term: number): void {
    this.say(name, { kind: 'leader', leader: leader === null ? null : id(leader), term });
  }

  exit(name: string, exitCode: number | null, signal: string | null = null): void {
    this.processes.get(name)?.handlers.exited({ exitCode, signal, lastWords: 'last words' });
  }

  /** The three nodes serve, and n2 leads term 1. */
  bringUp(): void {
    this.supervisor.start();
    this.ready('n1', 'n2', 'n3');
    for (const name of ['n1', 'n2', 'n3']) this.leader(name, 'n2', 1);
  }

  take(): ClusterEvent[] {
    return this.events.splice(0);
  }
}

const id = (name: string): string => name.slice(1).padStart(16, '0');

describe('the supervisor', () => {
  it('says once that the cluster is up: when all serve and know who leads', () => {
    const world = new World();
    world.supervisor.start();
    world.ready('n1');
    world.leader('n1', 'n2', 1);
    world.ready('n2');
    assert.ok(world.take().every(({ event }) => event !== 'clusterUp'));
    world.ready('n3');
    world.leader('n2', 'n2', 1);
    assert.ok(world.take().every(({ event }) => event !== 'clusterUp'));
    world.leader('n3', 'n2', 1);
    assert.deepEqual(world.take().slice(-1), [{ event: 'clusterUp', leader: 'n2', term: 1 }]);
  });

  it('says one line for each change of leader, and believes the highest term', () => {
    const world = new World();
    world.bringUp();
    world.take();
    world.leader('n1', 'n3', 2);
    world.leader('n3', 'n3', 2);
    world.leader('n2', 'n2', 1);
    world.leader('n2', null, 2);
    world.leader('n2', 'n3', 2);
    world.leader('n1', 'n3', 3);
    assert.deepEqual(world.take(), [{ event: 'leaderChanged', node: 'n3', term: 2 }]);
    for (const name of ['n1', 'n2', 'n3']) world.leader(name, null, 4);
    assert.deepEqual(world.take(), [{ event: 'leaderChanged', node: null, term: 4 }]);
  });

  it('believes a node that says it no longer leads, whatever frozen followers last said', () => {
    const world = new World();
    world.bringUp();
    world.take();
    world.leader('n2', null, 1);
    assert.deepEqual(world.take(), [{ event: 'leaderChanged', node: null, term: 1 }]);
  });

  it('does not take a leader that came back for one that never went', () => {
    const world = new World();
    world.bringUp();
    world.exit('n2', null, 'SIGKILL');
    world.advance(1000);
    world.take();
    world.ready('n2');
    assert.deepEqual(
      world.take().map(({ event }) => event),
      ['nodeReady'],
    );
    assert.equal(world.supervisor.leader, null);
  });

  it('does not go back to a frozen leader when its successor dies', () => {
    const world = new World();
    world.bringUp();
    world.leader('n1', 'n3', 2);
    world.leader('n3', 'n3', 2);
    world.exit('n3', 1);
    assert.equal(world.supervisor.leader, null);
  });

  it('starts a killed leader again after a second, and says who leads meanwhile', () => {
    const world = new World();
    world.bringUp();
    world.take();
    world.exit('n2', null, 'SIGKILL');
    assert.deepEqual(world.take(), [
      {
        event: 'nodeExited',
        node: 'n2',
        wasLeader: true,
        exitCode: null,
        signal: 'SIGKILL',
        reason: 'last words',
        restartInMs: 1000,
      },
      { event: 'leaderChanged', node: null, term: 1 },
    ]);
    assert.equal(world.supervisor.processIdOf('n2'), 0);
    world.leader('n1', 'n1', 2);
    world.advance(999);
    assert.equal(world.launches.length, 3);
    world.advance(1);
    world.ready('n2');
    world.leader('n2', 'n1', 2);
    assert.deepEqual(
      world.take().map(({ event }) => event),
      ['leaderChanged', 'nodeStarted', 'nodeReady'],
    );
    assert.equal(world.supervisor.processIdOf('n2'), 4);
  });

  it('waits twice as long each time, ten seconds at most, anew after half a minute', () => {
    const world = new World();
    world.bringUp();
    const waits: (number | null)[] = [];
    const crash = (): void => {
      world.take();
      world.exit('n1', 1);
      const [exited] = world.take();
      const waitMs = exited?.event === 'nodeExited' ? exited.restartInMs : null;
      waits.push(waitMs);
      world.advance(waitMs ?? 0);
    };
    for (let round = 0; round < 6; round++) crash();
    world.advance(29_999);
    crash();
    world.advance(30_000);
    crash();
    assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10_000, 10_000, 10_000, 1000]);
  });

  it('gives up when a node refuses before the cluster was ever up', () => {
    const world = new World();
    world.supervisor.start();
    world.say('n1', { kind: 'failed', code: 'CLI_CONFIG_INVALID', message: 'bad name' });
    world.exit('n1', 1);
    assert.deepEqual(world.refusals, ['n1 could not start: bad name']);
    world.advance(60_000);
    assert.equal(world.launches.length, 3);
  });

  it('starts a node again that refuses later, and says why', () => {
    const world = new World();
    world.bringUp();
    world.take();
    world.say('n1', { kind: 'failed', code: 'CLI_NODE_HALTED', message: 'disk failed' });
    world.exit('n1', 1);
    const [exited] = world.take();
    assert.ok(exited?.event === 'nodeExited');
    assert.equal(exited.reason, 'disk failed');
    assert.equal(exited.restartInMs, 1000);
    assert.deepEqual(world.refusals, []);
  });

  it('stops the followers first and the leader last, each after the one before', async () => {
    const world = new World();
    world.bringUp();
    world.take();
    const stopped = world.supervisor.stop();
    const order: string[] = [];
    for (let round = 0; round < 3; round++) {
      for (const [name, launched] of world.processes) {
        if (!launched.isAlive || launched.signals.length === 0) continue;
        assert.deepEqual(launched.signals, ['SIGTERM']);
        order.push(name);
        launched.isAlive = false;
        world.exit(name, 0);
      }
      await Promise.resolve();
      await Promise.resolve();
    }
    await stopped;
    assert.deepEqual(order, ['n3', 'n1', 'n2']);
    assert.deepEqual(world.take(), [
      { event: 'stopping', nodes: ['n3', 'n1', 'n2'] },
      ...['n3', 'n1', 'n2'].map((node) => ({ event: 'nodeStopped', node, wasKilled: false })),
      { event: 'stopped' },
    ]);
    assert.equal(world.supervisor.stop(), world.supervisor.stop());
  });

  it('kills what has not stopped after five seconds', async () => {
    const world = new World();
    world.bringUp();
    world.exit('n1', 0);
    world.exit('n2', 0);
    world.take();
    const stopped = world.supervisor.stop();
    world.advance(4999);
    assert.deepEqual(world.processes.get('n3')?.signals, ['SIGTERM']);
    world.advance(1);
    assert.deepEqual(world.processes.get('n3')?.signals, ['SIGTERM', 'SIGKILL']);
    world.exit('n3', null, 'SIGKILL');
    await stopped;
    assert.deepEqual(world.take().slice(1), [
      { event: 'nodeStopped', node: 'n3', wasKilled: true },
      { event: 'stopped' },
    ]);
    world.advance(60_000);
    assert.equal(world.launches.length, 3, 'a restart that was due must not happen');
  });
});
