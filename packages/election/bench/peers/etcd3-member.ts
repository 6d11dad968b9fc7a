// A client of an etcd that campaigns, as the documentation of etcd3 shows it.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { MemberSide, planOfThisProcess } from '../election/member-side.ts';

interface Campaign {
  on(event: 'elected', listener: () => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  resign(): Promise<void>;
}

interface Etcd3 {
  election(name: string, ttlSeconds: number): { campaign(value: string): Campaign };
}

const againMs = 1_000;

const { id, routes, extra } = planOfThisProcess();
const side = new MemberSide(id);
const require = createRequire(join(extra['peers'] ?? '', 'package.json'));
const { Etcd3: Client } = require('etcd3') as { Etcd3: new (options: object) => Etcd3 };

const client = new Client({ hosts: routes.map((port) => `http://127.0.0.1:${port}`) });
const election = client.election('bench', Number(extra['ttlSeconds']));
/** Of the leadership there is; 0: none. */
let token = 0n;

function campaign(): void {
  const campaigned = election.campaign(String(id));
  campaigned.on('elected', () => {
    token = process.hrtime.bigint();
    side.tell('elected', { token, leads: true });
  });
  campaigned.on('error', (error) => {
    const ended = token;
    token = 0n;
    if (ended > 0n) side.tell('lost', { token: ended, leads: false, text: error.message });
    else side.tell('says', { text: error.message });
    setTimeout(campaign, againMs);
  });
}

side.open({ leads: () => token > 0n, close: async () => undefined });
campaign();
