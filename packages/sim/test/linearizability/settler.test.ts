import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkLinearizability } from '../../src/linearizability/check.ts';
import { HistoryRecorder } from '../../src/linearizability/history-recorder.ts';
import { casRegister } from '../../src/linearizability/models/cas-register.ts';
import { cas, read, record, sees, write, written } from './small-history.ts';
import { type TankInput, type TankOutput, tank } from './tank.ts';

describe('what is placed at once', () => {
  it('is no write on which a cas without an answer may build later', () => {
    const history = record((recorder) => {
      recorder.unknown(recorder.invoke(1, cas(1, 5)));
      const late = recorder.invoke(2, write(1));
      const early = recorder.invoke(3, write(2));
      recorder.ok(recorder.invoke(4, read), sees(2));
      recorder.ok(recorder.invoke(4, write(3)), written);
      recorder.ok(recorder.invoke(4, read), sees(3));
      recorder.ok(recorder.invoke(4, read), sees(5));
      recorder.ok(late, written);
      recorder.ok(early, written);
    });
    assert.equal(checkLinearizability(casRegister, history).kind, 'linearizable');
  });

  it('is no write which an operation without an answer may change later, whatever it is', () => {
    const recorder = new HistoryRecorder<TankInput, TankOutput>();
    recorder.unknown(recorder.invoke(1, { kind: 'turn' }));
    const late = recorder.invoke(2, { kind: 'fill', content: 1 });
    const early = recorder.invoke(3, { kind: 'fill', content: 2 });
    recorder.ok(recorder.invoke(4, { kind: 'look' }), { before: 2 });
    recorder.ok(early, 'done');
    recorder.ok(recorder.invoke(4, { kind: 'fill', content: 0 }), 'done');
    recorder.ok(recorder.invoke(4, { kind: 'look' }), { before: 0 });
    recorder.ok(recorder.invoke(4, { kind: 'look' }), { before: 2 });
    recorder.ok(late, 'done');
    assert.equal(checkLinearizability(tank, recorder.history()).kind, 'linearizable');
  });
});
