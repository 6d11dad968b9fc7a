const unitMs: ReadonlyMap<string, number> = new Map([
  ['H', 3_600_000],
  ['M', 60_000],
  ['S', 1000],
  ['m', 1],
  ['u', 1e-3],
  ['n', 1e-6],
]);

const format = /^([0-9]{1,8})([HMSmun])$/;

/** @returns milliseconds, or null when the text is no timeout (gRPC over HTTP/2, "Timeout") */
export function readGrpcTimeout(text: string): number | null {
  const match = format.exec(text);
  if (match === null) return null;
  const [, digits = '', unit = ''] = match;
  return Number(digits) * (unitMs.get(unit) as number);
}
