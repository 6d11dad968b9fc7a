// A node of tinyraft: antietcd's defaults, divided by 25.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MemberSide, planOfThisProcess } from '../election/member-side.ts';
import { JsonLinks } from './json-links.ts';
import { type TinyMessage, type TinyraftClass, TinyWatch } from './tinyraft.ts';

const { id, ports, routes, heartbeatIntervalMs, electionTimeoutMs, extra } = planOfThisProcess();
const side = new MemberSide(id);
const require = createRequire(join(extra['peers'] ?? '', 'package.json'));
const TinyRaft = require('tinyraft') as TinyraftClass;

const raft = new TinyRaft({
  nodes: ports.map((_, at) => at + 1),
  nodeId: id,
  electionTimeout: electionTimeoutMs,
  heartbeatTimeout: heartbeatIntervalMs,
  leadershipTimeout: Number(extra['leadershipTimeoutMs']),
  send: (to, message) => links.send(to, message),
});
const links = await JsonLinks.open(id, ports[id - 1] ?? 0, routes, (from, packet) => {
  raft.onReceive(from, packet as TinyMessage);
});

const watch = new TinyWatch();
raft.on('change', (change) => {
  const { what, ended } = watch.changed(change);
  if (ended > 0) side.tell('lost', { token: BigInt(ended), leads: false });
  if (what !== null) side.tell(what, { token: BigInt(change.term), leads: what === 'elected' });
});
side.open({ leads: () => raft.state === 'leader', close: async () => raft.stop() });
raft.start();
