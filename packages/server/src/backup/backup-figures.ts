/** What the backups of this process were like, for monitoring. */
export class BackupFigures {
  readonly #intervalMs: number;
  #successes = 0;
  #failures = 0;
  #lastSuccessMs = 0;
  #lastSeconds = 0;
  #lastBytes = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  succeeded(atMs: number, seconds: number, bytes: number): void {
    this.#successes += 1;
    this.#lastSuccessMs = atMs;
    this.#lastSeconds = seconds;
    this.#lastBytes = bytes;
  }

  /** A backup of somebody else was seen, which is as good. */
  seen(atMs: number): void {
    this.#lastSuccessMs = Math.max(this.#lastSuccessMs, atMs);
  }

  failed(): void {
    this.#failures += 1;
  }

  /** Prometheus text format. */
  text(): string {
    const success = 'Backups that were made and read back, by this process.';
    const last = 'When the newest backup that this process knows of was begun, Unix time.';
    return [
      metric('quorate_backups_total', 'counter', success, this.#successes),
      metric('quorate_backup_failures_total', 'counter', 'Backups that failed.', this.#failures),
      metric(
        'quorate_backup_interval_seconds',
        'gauge',
        'How often a backup is to be made.',
        this.#intervalMs / 1000,
      ),
      metric(
        'quorate_backup_last_success_timestamp_seconds',
        'gauge',
        last,
        this.#lastSuccessMs / 1000,
      ),
      metric(
        'quorate_backup_last_duration_seconds',
        'gauge',
        'How long the last one took.',
        this.#lastSeconds,
      ),
      metric('quorate_backup_last_bytes', 'gauge', 'How large the last one is.', this.#lastBytes),
    ].join('');
  }
}

function metric(name: string, type: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}
