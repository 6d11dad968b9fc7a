// A node of liferaft with the times of its README, without a log: election alone.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MemberSide, planOfThisProcess } from '../election/member-side.ts';
import { JsonLinks } from './json-links.ts';
import type { LiferaftClass, LiferaftPacket } from './liferaft.ts';

const { id, ports, routes, extra } = planOfThisProcess();
const side = new MemberSide(id);
const require = createRequire(join(extra['peers'] ?? '', 'package.json'));
const Raft = require('@markwylde/liferaft') as LiferaftClass;

// Its defaults: heartbeats every 50 ms, elections after 150 to 300 ms.
const raft = new Raft(String(id), {});
// Stale terms and the like, which it tells of as errors and goes on.
raft.on('error', () => undefined);

const links = await JsonLinks.open(id, ports[id - 1] ?? 0, routes, (_, packet, answer) => {
  raft.emit('data', packet as LiferaftPacket, (reply) => {
    void Promise.resolve(reply).then((known) => {
      if (known !== undefined) answer(known);
    });
  });
});

for (const [at] of ports.entries()) {
  const other = at + 1;
  if (other === id) continue;
  raft.join(String(other), (packet, written) => {
    // Without a log a heartbeat is never answered.
    if (packet.type === 'append') {
      links.send(other, packet);
      setImmediate(written, undefined);
    } else links.send(other, packet, (error, answer) => written(error ?? undefined, answer));
  });
}

const leads = (): boolean => raft.state === Raft.LEADER;
let led = 0;

raft.on('state change', () => {
  const token = BigInt(raft.term);
  if (leads()) side.tell('elected', { token, leads: true });
  else if (led > 0) side.tell('lost', { token: BigInt(led), leads: false });
  led = leads() ? raft.term : 0;
});
// It changes leader, state and term one after the other, in one turn.
const followed = (): NodeJS.Immediate =>
  setImmediate(() => {
    if (raft.leader !== '') side.tell('follows', { token: BigInt(raft.term) });
  });
raft.on('leader change', followed);
raft.on('term change', followed);

side.open({ leads, close: async () => raft.end() });
