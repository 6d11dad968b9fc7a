import type { Counter, Gauge, Histogram, Metrics } from '@quorate/base';

const kibibyte = 1024;

export interface WalMetrics {
  readonly fsyncSeconds: Histogram;
  readonly batchBytes: Histogram;
  readonly batchSubmissions: Histogram;
  readonly writtenBytes: Counter;
  readonly segments: Gauge;
  readonly diskBytes: Gauge;
}

export function walMetrics(metrics: Metrics): WalMetrics {
  return {
    fsyncSeconds: metrics.histogram({
      name: 'quorate_wal_fsync_duration_seconds',
      help: 'Time from handing a batch to the disk until it is durable',
      buckets: [
        0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256,
        0.512, 1.024, 2.048, 4.096, 8.192,
      ],
    }),
    batchBytes: metrics.histogram({
      name: 'quorate_wal_batch_bytes',
      help: 'Size of a batch on the disk',
      buckets: [1, 4, 16, 64, 256, 1024, 4096, 16384].map((size) => size * kibibyte),
    }),
    batchSubmissions: metrics.histogram({
      name: 'quorate_wal_batch_submissions',
      help: 'Submissions that shared one fsync',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    }),
    writtenBytes: metrics.counter({
      name: 'quorate_wal_written_bytes_total',
      help: 'Bytes of batches made durable, without the zeros written ahead',
    }),
    segments: metrics.gauge({
      name: 'quorate_wal_segments',
      help: 'Segments in use, without the spare one',
    }),
    diskBytes: metrics.gauge({
      name: 'quorate_wal_disk_bytes',
      help: 'Size of all segments, the spare one included',
    }),
  };
}
