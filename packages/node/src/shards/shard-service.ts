import { ByteReader, ByteWriter } from '@quorate/base';
import type { GroupService } from '@quorate/host';
import type { SessionResult } from '@quorate/runtime';
import type { PreparedMachine } from '../embed/machine-forms.ts';
import { plainResults } from '../embed/plain-results.ts';
import { look } from '../embed/reading.ts';

/** Queries and answers between nodes: bytes, or plain JSON. */
export const queryCodec = plainResults;

/**
 * How a shard serves nodes that have no replica of it. A result is what the session layer says of
 * it as JSON, with its length before it, then the state machine's own result as it encodes it.
 */
export function shardService(machine: PreparedMachine): GroupService {
  return {
    encodeResult: (given) => {
      const { result, ...said } = given as SessionResult<unknown> & { readonly result?: unknown };
      const writer = new ByteWriter();
      writer.string(JSON.stringify(said));
      if (said.kind === 'applied') writer.raw(machine.results.encode(result));
      return writer.take();
    },
    decodeResult: (bytes) => {
      const reader = new ByteReader(bytes);
      const said: unknown = JSON.parse(reader.string());
      if (typeof said !== 'object' || said === null || !('kind' in said)) {
        throw new TypeError('it does not say what became of the command');
      }
      if (said.kind !== 'applied') return said;
      return { ...said, result: machine.results.decode(bytes.slice(reader.offset)) };
    },
    answer: (query) => queryCodec.encode(look(machine, queryCodec.decode(query))),
  };
}
