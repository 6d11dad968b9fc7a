import { startLedgerServer } from '@quorate/server';

/** One server of the bench: its settings come as JSON, its address goes back as a message. */
const { name, directory, members, client } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly name: string;
  readonly directory: string;
  readonly members: readonly { readonly name: string; readonly port: number }[];
  readonly client: number;
};
const host = '127.0.0.1';
const own = members.find((member) => member.name === name);
if (own === undefined) throw new RangeError(`${name} is not among the members`);

const server = await startLedgerServer({
  name,
  dataDirectory: directory,
  members: members.map((member) => ({
    name: member.name,
    peerUrls: [`http://${host}:${member.port}`],
  })),
  clusterToken: 'bench',
  listenPeer: { host, port: own.port },
  listenClient: [{ host, port: client }],
  advertiseClientUrls: [`http://${host}:${client}`],
  // What members say of each other as they start and stop is not the bench's.
  log: { level: 'error', format: 'logfmt' },
});
process.send?.('listens');
// The bench is gone, whatever ended it.
process.once('disconnect', () => process.exit(1));
process.once('message', () => {
  void server.close().then(() => process.exit());
});
