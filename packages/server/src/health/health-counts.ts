/** How checks went, in the Prometheus text format and under the names that etcd gives them. */
export class HealthCounts {
  /** By type and name: failed, passed, and whether the last one passed. */
  readonly #checks = new Map<string, { failed: number; passed: number; last: boolean }>();
  #healthy = 0;
  #unhealthy = 0;

  /** Of `/health`. */
  asked(isHealthy: boolean): void {
    if (isHealthy) this.#healthy += 1;
    else this.#unhealthy += 1;
  }

  /** @param type `livez` or `readyz` */
  checked(type: string, name: string, hasPassed: boolean): void {
    const labels = `type="${type}",name="${name}"`;
    const counts = this.#checks.get(labels) ?? { failed: 0, passed: 0, last: false };
    this.#checks.set(labels, counts);
    counts.last = hasPassed;
    if (hasPassed) counts.passed += 1;
    else counts.failed += 1;
  }

  text(): string {
    const lines = [
      ...family('etcd_server_health_success', 'counter', 'Answers of /health that were true.'),
      `etcd_server_health_success ${this.#healthy}`,
      ...family('etcd_server_health_failures', 'counter', 'Answers of /health that were false.'),
      `etcd_server_health_failures ${this.#unhealthy}`,
    ];
    if (this.#checks.size > 0) {
      lines.push(...family('etcd_server_healthcheck', 'gauge', 'Whether it passed last time.'));
      for (const [labels, { last }] of this.#checks) {
        lines.push(`etcd_server_healthcheck{${labels}} ${+last}`);
      }
      lines.push(...family('etcd_server_healthchecks_total', 'counter', 'Checks by outcome.'));
      for (const [labels, { failed, passed }] of this.#checks) {
        lines.push(`etcd_server_healthchecks_total{${labels},status="success"} ${passed}`);
        lines.push(`etcd_server_healthchecks_total{${labels},status="error"} ${failed}`);
      }
    }
    return `${lines.join('\n')}\n`;
  }
}

function family(name: string, type: string, help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}
