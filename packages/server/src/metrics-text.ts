import { type HandledCounts, StatusCode } from './core/index.ts';
import { grpcTypeOf } from './metrics/grpc-type.ts';

/** As gRPC spells them: OK, InvalidArgument. */
const codeNames = new Map<number, string>(
  Object.entries(StatusCode).map(([name, code]) => [
    code,
    code === 0 ? 'OK' : name.charAt(0).toUpperCase() + name.slice(1),
  ]),
);

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n`;
}

function handledLines(handled: HandledCounts): string[] {
  const lines: string[] = [];
  for (const [path, counts] of handled) {
    const [service, method] = path.slice(1).split('/');
    const called = `grpc_service="${service}",grpc_method="${method}"`;
    const labels = `grpc_type="${grpcTypeOf(path)}",${called}`;
    counts.forEach((count, code) => {
      if (count === 0) return;
      const name = codeNames.get(code);
      lines.push(`grpc_server_handled_total{${labels},grpc_code="${name}"} ${count}\n`);
    });
  }
  return lines;
}

/** What dashboards and tools made for etcd look for, in the Prometheus text format. */
export function serviceMetricsText(
  handled: HandledCounts,
  state: {
    readonly hasLeader: boolean;
    readonly isLeader: boolean;
    readonly writable: boolean;
    readonly streams: number;
  },
): string {
  const name = 'grpc_server_handled_total';
  return [
    gauge('etcd_server_has_leader', 'Whether this member knows a leader.', +state.hasLeader),
    gauge('etcd_server_is_leader', 'Whether this member is the leader.', +state.isLeader),
    gauge('quorate_streams', 'Calls under way that stream, or wait.', state.streams),
    gauge('quorate_storage_writable', 'Whether the log has room on its disk.', +state.writable),
    `# HELP ${name} Calls that ended, by method and status.\n# TYPE ${name} counter\n`,
    ...handledLines(handled),
  ].join('');
}
