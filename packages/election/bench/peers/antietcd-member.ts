// A server of antietcd with its defaults: whether it leads is what its tinyraft says.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MemberSide, planOfThisProcess } from '../election/member-side.ts';
import { type TinyChange, type Tinyraft, TinyWatch } from './tinyraft.ts';

interface AntiEtcd {
  readonly cluster: { readonly raft: Tinyraft } | null;
  on(event: 'raftchange', listener: (change: TinyChange) => void): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const { id, ports, routes, directory, extra } = planOfThisProcess();
const side = new MemberSide(id);
const require = createRequire(join(extra['peers'] ?? '', 'package.json'));
const AntiEtcdClass = require('antietcd') as new (options: object) => AntiEtcd;

const server = new AntiEtcdClass({
  ip: '127.0.0.1',
  port: ports[id - 1],
  data: join(directory, 'data.gz'),
  node_id: `n${id}`,
  cluster_key: 'bench',
  cluster: Object.fromEntries(
    routes.map((route, at) => [`n${at + 1}`, `http://127.0.0.1:${route}`]),
  ),
});
const watch = new TinyWatch();
server.on('raftchange', (change) => {
  const { what, ended } = watch.changed(change);
  if (ended > 0) side.tell('lost', { token: BigInt(ended), leads: false });
  if (what !== null) side.tell(what, { token: BigInt(change.term), leads: what === 'elected' });
});
await server.start();
side.open({ leads: () => server.cluster?.raft.state === 'leader', close: () => server.stop() });
