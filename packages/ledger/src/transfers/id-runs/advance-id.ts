/** Puts the id that is `count` above one into `out`. */
export function advanceId(
  out: Int32Array,
  l0: number,
  l1: number,
  l2: number,
  l3: number,
  count: number,
): void {
  const low = (l0 >>> 0) + count;
  const carry1 = low > 0xffffffff ? 1 : 0;
  const carry2 = (l1 >>> 0) + carry1 > 0xffffffff ? 1 : 0;
  const carry3 = (l2 >>> 0) + carry2 > 0xffffffff ? 1 : 0;
  out[0] = low;
  out[1] = l1 + carry1;
  out[2] = l2 + carry2;
  out[3] = l3 + carry3;
}
