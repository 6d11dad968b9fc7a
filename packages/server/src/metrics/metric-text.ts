/** One value, or several that differ in their labels, in the Prometheus text format. */
export function metric(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  ...samples: readonly (number | readonly [labels: string, value: number])[]
): string {
  const lines = samples.map((sample) => {
    const [labels, value] = typeof sample === 'number' ? ['', sample] : sample;
    return `${name}${labels} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
