import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TraceEvent, traceJson, traceText } from '../../src/index.ts';
import { countingCluster } from '../counting-cluster.ts';

const entry = { term: 3, kind: 0, timestampMicros: 1, data: new Uint8Array(0) } as const;
const turn: TraceEvent = {
  kind: 'turn',
  atMs: 336.0271,
  node: 1,
  group: 2,
  role: 'leader',
  term: 3,
  votedFor: 1,
  lastIndex: 9,
  lastTerm: 3,
  durableIndex: 7,
  commitIndex: 6,
  appliedIndex: 5,
  received: [{ type: 'PreVote', from: 2, to: 1, term: 4, lastLogIndex: 7, lastLogTerm: 2 }],
  sent: [
    {
      type: 'AppendEntries',
      from: 1,
      to: 2,
      term: 3,
      prevLogIndex: 7,
      prevLogTerm: 2,
      commitIndex: 6,
      entries: [
        { ...entry, index: 8 },
        { ...entry, index: 9 },
      ],
    },
  ],
};

describe('the notation of a trace', () => {
  it('shows a turn in one line: state, what came in, what went out', () => {
    assert.equal(
      traceText(turn),
      '   336.027 n1.g2 L3 v1 log 9/3 d7 c6 a5 | n2→n1 PV t4 7/2 | n1→n2 APP t3 (7/2)+2 c6',
    );
  });

  it('shows strikes, nodes and log lines', () => {
    assert.equal(traceText({ kind: 'strike', atMs: 1, nemesis: 'pause' }), '     1.000 !! pause');
    assert.equal(
      traceText({ kind: 'node', atMs: 2, node: 3, what: 'halted', why: 'the disk failed' }),
      '     2.000 n3 ** halted: the disk failed',
    );
    assert.equal(
      traceText({ kind: 'log', atMs: 3, node: 3, level: 'info', event: 'hello', fields: { a: 1 } }),
      '     3.000 n3 hello a=1',
    );
  });

  it('says the same in JSON', () => {
    const { received, sent, ...state } = JSON.parse(traceJson(turn));
    assert.deepEqual(received, ['n2→n1 PV t4 7/2']);
    assert.deepEqual(sent, ['n1→n2 APP t3 (7/2)+2 c6']);
    assert.equal(state.durableIndex, 7);
  });

  it('is one line for every event of a run, and does not change the run', () => {
    const lines: string[] = [];
    const traced = countingCluster({ trace: (event) => lines.push(traceText(event)) });
    const silent = countingCluster();
    for (const cluster of [traced, silent]) {
      cluster.startAll();
      cluster.runUntil(2000);
      cluster.crash(cluster.node(1), true);
      cluster.runUntil(2500);
      cluster.start(cluster.node(1));
      cluster.runUntil(4000);
    }
    assert.equal(traced.hash.digest, silent.hash.digest);
    assert.ok(lines.length > 100);
    for (const line of lines) assert.match(line, /^ *\d+\.\d{3} (n\d|!!)[^\n]*$/);
    assert.ok(lines.some((line) => /n\d\.g1 L\d/.test(line)));
    assert.ok(lines.some((line) => line.includes('** power loss')));
  });
});
