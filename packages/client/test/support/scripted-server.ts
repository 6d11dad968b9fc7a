import { createServer } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { type Codec, encodeMessage, type Init } from '@quorate/schema';

/** What a server does with one call: an answer, an error, or silence. */
export type Script =
  | { readonly answer: Uint8Array }
  | { readonly code: number; readonly details: string }
  | 'hang up'
  | 'silent';

export function answer<T>(codec: Codec<T>, message: Init<T>): Script {
  return { answer: encodeMessage(codec, message) };
}

const asIs = (bytes: Buffer): Buffer => bytes;

const paths = [
  '/etcdserverpb.KV/Put',
  '/etcdserverpb.KV/Range',
  '/etcdserverpb.KV/DeleteRange',
  '/etcdserverpb.Maintenance/Status',
  '/etcdserverpb.Cluster/MemberList',
];

/** A server that does what it is told and remembers what it was asked. */
export class ScriptedServer implements AsyncDisposable {
  readonly requests: { readonly path: string; readonly bytes: Uint8Array }[] = [];
  script: Script;
  readonly #server = new Server();
  #port = 0;

  private constructor(script: Script) {
    this.script = script;
    for (const path of paths) {
      const handle = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => {
        this.requests.push({ path, bytes: call.request });
        this.#perform(this.script, done);
      };
      this.#server.register(path, handle, asIs, asIs, 'unary');
    }
  }

  /** @param port 0 chooses a free one */
  static async start(script: Script, port = 0): Promise<ScriptedServer> {
    const server = new ScriptedServer(script);
    server.#port = await new Promise<number>((resolve, reject) => {
      const insecure = ServerCredentials.createInsecure();
      server.#server.bindAsync(`127.0.0.1:${port}`, insecure, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  #perform(script: Script, done: sendUnaryData<Buffer>): void {
    if (script === 'silent') return;
    if (script === 'hang up') this.stop();
    else if ('answer' in script) done(null, Buffer.from(script.answer));
    else done({ code: script.code, details: script.details });
  }
}

/** Where nothing listens: a port that was free a moment ago. */
export async function deadEndpoint(): Promise<string> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}
