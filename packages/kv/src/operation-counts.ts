import { unreachable } from '@quorate/base';
import type { KvResult, OperationResult, RangeResult, TxnResult } from './model.ts';

/** Up to 2 ** 23 seconds; the last one is for all that is longer. */
const ttlClasses = 25;

/** What a store has carried out since it was made, by kind. Only rises; refusals do not count. */
export interface OperationCounts {
  /** Reads of ranges, those in transactions included, as `puts` and `deletes`. */
  readonly ranges: number;
  readonly puts: number;
  /** Requests, not keys; without what ended with its lease. */
  readonly deletes: number;
  /** Transactions of more than one operation. */
  readonly txns: number;
  readonly leasesGranted: number;
  /** Because somebody asked for it, or because their time was over. */
  readonly leasesEnded: number;
  /** Of those, because their time was over. */
  readonly leasesExpired: number;
  readonly leasesRenewed: number;
  /** Of all grants. */
  readonly grantedSeconds: number;
  /** Grants of up to 1, 2, 4 ... seconds; the last are those of more. */
  readonly grantsByTtl: readonly number[];
}

/** Counts by results: a few additions a command. */
export class OperationCounter implements OperationCounts {
  ranges = 0;
  puts = 0;
  deletes = 0;
  txns = 0;
  leasesGranted = 0;
  leasesEnded = 0;
  leasesExpired = 0;
  leasesRenewed = 0;
  grantedSeconds = 0;
  readonly grantsByTtl: number[] = Array.from({ length: ttlClasses }, () => 0);

  count(result: KvResult | RangeResult): void {
    switch (result.kind) {
      case 'put':
        this.puts += 1;
        return;
      case 'range':
        this.ranges += 1;
        return;
      case 'deleteRange':
        this.deletes += 1;
        return;
      case 'txn':
        if (this.#operations(result) > 1) this.txns += 1;
        return;
      case 'leaseGrant':
        this.#grant(result.ttlSeconds);
        return;
      case 'leaseRevoke':
        this.leasesEnded += 1;
        return;
      case 'leaseTick':
        this.leasesEnded += result.expired.length;
        this.leasesExpired += result.expired.length;
        return;
      case 'leaseKeepAlive':
        for (const ttlSeconds of result.ttlSeconds) if (ttlSeconds > 0) this.leasesRenewed += 1;
        return;
      case 'compact':
      case 'refused':
        return;
      default:
        unreachable(result);
    }
  }

  /** @returns how many there are, nested ones included */
  #operations({ responses }: TxnResult): number {
    let operations = 0;
    for (const response of responses) operations += this.#operation(response);
    return operations;
  }

  #operation(response: OperationResult): number {
    if (response.kind === 'txn') return this.#operations(response);
    this.count(response);
    return 1;
  }

  #grant(ttlSeconds: number): void {
    this.leasesGranted += 1;
    this.grantedSeconds += ttlSeconds;
    let at = 0;
    while (at < ttlClasses - 1 && ttlSeconds > 2 ** at) at += 1;
    this.grantsByTtl[at] = (this.grantsByTtl[at] as number) + 1;
  }
}
