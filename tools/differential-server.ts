// One Quorate node for `npm run differential`: `node tools/differential-server.ts DIRECTORY`.
// Prints the port for clients once it listens; ends when its standard input does.
import { startServer } from '@quorate/server';
import { runTool, UsageError } from './run/run-tool.ts';

const usage = (): string => 'usage: node tools/differential-server.ts DIRECTORY';

async function run(): Promise<number> {
  const directory = process.argv[2];
  if (directory === undefined) throw new UsageError('give a directory');
  const anyPort = { host: '127.0.0.1', port: 0 };
  const server = await startServer({
    name: 'n1',
    dataDirectory: directory,
    members: [{ name: 'n1', peerUrls: ['http://127.0.0.1:1'] }],
    clusterToken: 'differential',
    listenPeer: anyPort,
    listenClient: [anyPort],
    advertiseClientUrls: ['http://127.0.0.1:2'],
    // Passwords are many here and worth nothing.
    auth: { bcryptCost: 4 },
    log: { level: 'warn', format: 'logfmt' },
    onHalt: (error) => {
      console.error(error);
      process.exit(1);
    },
  });
  console.log(server.clientAddresses[0]?.port);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.on('end', resolve));
  await server.close();
  return 0;
}

await runTool({ args: process.argv.slice(2), usage, run });
