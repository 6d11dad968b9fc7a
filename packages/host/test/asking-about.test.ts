import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Host } from '../src/index.ts';
import { VirtualRoom } from './support/virtual-machine.ts';

const members = new Map([1, 2, 3].map((id) => [id, { host: `node${id}`, port: 7000 }] as const));

class ThreeNodes {
  readonly room = new VirtualRoom();
  readonly #hosts: readonly Host[];

  constructor() {
    const openings = [1, 2, 3].map((id) => this.room.machine(id).open({ members }));
    this.room.run(5000);
    this.#hosts = openings.map(({ host }) => {
      assert.ok(host);
      return host;
    });
  }

  close(id: number): void {
    this.#hosts[id - 1]?.close(() => undefined);
    this.room.run(3000);
  }

  /** What node 1 is told; undefined: nothing within 5 s. */
  asked(voter: number, about: number): boolean | null | undefined {
    const answers: (boolean | null)[] = [];
    this.#hosts[0]?.askAbout(1, voter, about, (told) => answers.push(told));
    assert.deepEqual(answers, [], 'never within the call');
    this.room.run(5000);
    assert.ok(answers.length <= 1, 'one answer');
    return answers[0];
  }
}

describe('a node that asks another about a third', () => {
  it('is told that it answers, or that it does not', () => {
    const nodes = new ThreeNodes();
    assert.equal(nodes.asked(2, 3), true);
    nodes.close(3);
    assert.equal(nodes.asked(2, 3), false);
  });

  it('is told nothing by one that is gone, is not known, or does not know the third', () => {
    const nodes = new ThreeNodes();
    nodes.close(2);
    assert.equal(nodes.asked(2, 3), null);
    assert.equal(nodes.asked(9, 3), null);
    assert.equal(nodes.asked(3, 9), null);
  });
});
