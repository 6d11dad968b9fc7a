import type { EtcdService } from '../core/index.ts';
import type { UnaryHandler } from '../rpc/rpc-backend.ts';
import type { ServerTracing } from './tracing.ts';

/** Gives the handler of a method, for all who take calls. */
export type UnaryHandlers = (path: string) => UnaryHandler;

/** The service's own handlers, or, where the server is traced, those with spans around them. */
export function unaryHandlers(
  service: EtcdService,
  tracing: ServerTracing | undefined,
): UnaryHandlers {
  if (tracing === undefined) return (path) => service.unary(path);
  return (path) => tracing.traced(path, service.unary(path));
}
