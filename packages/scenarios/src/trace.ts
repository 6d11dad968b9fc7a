import type { TraceLine } from '@quorate/sim';

/** `  1234.567 n2 raft state changed group=g1 term=3 role=leader leader=2` */
export function traceText({ atMs, node, event, fields }: TraceLine): string {
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${String(value)}`);
  return `${atMs.toFixed(3).padStart(10)} n${node} ${event}${rest.join('')}`;
}
