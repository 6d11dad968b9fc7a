// A read replica that feeds others, a process of its own: main.ts starts it, and kills one.
import { parseArgs } from 'node:util';
import { openReplica, type ReplicaReadOptions } from '@quorate/node';
import { serve } from './programs.ts';
import { Wiki } from './wiki.ts';

/** What is asked of it: to read the revision, or who feeds it. */
export type RelayQuestion = { readonly read: ReplicaReadOptions } | 'upstream';

const { values } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:7004' },
    upstream: { type: 'string', default: '127.0.0.1:7001' },
  },
});

const replica = await openReplica({
  upstream: values.upstream.split(','),
  listen: values.listen,
  groups: { wiki: () => new Wiki() },
  log: { level: 'error', format: 'logfmt' },
  timeoutMs: 60_000,
});
const wiki = replica.group('wiki');

serve(
  (question: RelayQuestion) => {
    if (question === 'upstream') return wiki.upstream;
    return wiki.read(({ revision }) => revision, question.read);
  },
  () => replica.close(),
);
