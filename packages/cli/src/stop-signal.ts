const stopSignals = ['SIGINT', 'SIGTERM'] as const;

/**
 * A signal this soon after the first is the same one: Ctrl-C reaches this process from the
 * terminal, and once more from npm when that has started it.
 */
const sameSignalMs = 500;

/**
 * The first request to stop: a signal, or, when `withParent`, the end of the process that started
 * this one, which shows as its closed IPC channel.
 *
 * @param onSecond a signal that comes while this process is already stopping
 */
export function stopRequested(withParent: boolean, onSecond: () => void): Promise<string> {
  return new Promise((resolve) => {
    let stoppingSinceMs: number | null = null;
    const request = (reason: string): void => {
      stoppingSinceMs ??= performance.now();
      resolve(reason);
    };
    for (const signal of stopSignals) {
      process.on(signal, () => {
        if (stoppingSinceMs === null) request(signal);
        else if (performance.now() - stoppingSinceMs > sameSignalMs) onSecond();
      });
    }
    if (!withParent) return;
    process.on('disconnect', () => request('the parent has ended'));
    if (!process.connected) request('the parent has ended');
  });
}

/**
 * Ends this process soon, with the exit code it then has, although something may still be open;
 * does not keep it alive for that long.
 */
export function exitSoon(): void {
  setTimeout(() => process.exit(), 500).unref();
}
