// One server of the ledger, in a process of its own: main.ts kills it now and then.
import { startLedgerServer } from '@quorate/server';

const [at = '0', directory = '', ports = ''] = process.argv.slice(2);
const numbers = ports.split(',').map(Number);
const address = (index: number) => ({ host: '127.0.0.1', port: numbers[index] ?? 0 });
const peers = [0, 1, 2];

await startLedgerServer({
  name: `bank-${at}`,
  dataDirectory: directory,
  members: peers.map((peer) => ({
    name: `bank-${peer}`,
    peerUrls: [`http://127.0.0.1:${address(peer).port}`],
  })),
  clusterToken: 'payments',
  listenPeer: address(Number(at)),
  listenClient: [address(3 + Number(at))],
  advertiseClientUrls: [`http://127.0.0.1:${address(3 + Number(at)).port}`],
  log: { level: 'silent', format: 'logfmt' },
});
process.send?.('listens');
// Whoever has started it is gone.
process.once('disconnect', () => process.exit(1));
