const streamTypes: ReadonlyMap<string, string> = new Map([
  ['/etcdserverpb.Watch/Watch', 'bidi_stream'],
  ['/etcdserverpb.Lease/LeaseKeepAlive', 'bidi_stream'],
  ['/etcdserverpb.Maintenance/Snapshot', 'server_stream'],
  ['/etcdserverpb.KV/RangeStream', 'server_stream'],
  ['/v3electionpb.Election/Observe', 'server_stream'],
  ['/quorate.ledger.v1.Ledger/Batches', 'bidi_stream'],
]);

/** As the metrics of servers written in Go call the forms of methods. */
export function grpcTypeOf(path: string): string {
  return streamTypes.get(path) ?? 'unary';
}
