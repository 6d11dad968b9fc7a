// For users and library authors alike: base is what every room stands on.
export { formatAddress, parseAddress } from './address.ts';
export { AssertionFailed, assert, present, unreachable } from './assert.ts';
export { fromBase64, toBase64 } from './base64.ts';
export type { ByteReaderErrorMetadata, MalformedBytesReason } from './byte-reader.ts';
export { ByteReader, ByteReaderError } from './byte-reader.ts';
export { ByteWriter, varintBytes, WireType } from './byte-writer.ts';
export { compareBytes, concatBytes, equalBytes, toHex } from './bytes.ts';
export { CodedError } from './coded-error.ts';
export { portableChecksum } from './crc32.ts';
export type { Checksum, Codec, Crypto, Hasher } from './ports/computation.ts';
export type {
  BlockingFileSystem,
  Completion,
  DirectoryLock,
  File,
  FileSystem,
  FileSystemErrorKind,
  ResultCompletion,
} from './ports/file-system.ts';
export { FileSystemError } from './ports/file-system.ts';
export type { LogFields, Logger } from './ports/logger.ts';
export { silentLogger } from './ports/logger.ts';
export type {
  Counter,
  Gauge,
  Histogram,
  Labels,
  MetricOptions,
  Metrics,
} from './ports/metrics.ts';
export { silentMetrics } from './ports/metrics.ts';
export type {
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  Network,
} from './ports/network.ts';
export type { Ports } from './ports/ports.ts';
export type { Clock, Timer, Timers } from './ports/time.ts';
export { Prng } from './prng.ts';
export type {
  AppliedEntry,
  Checkpoint,
  CheckpointExpansion,
  Checkpoints,
  MachinePlace,
  SnapshotSink,
  StateMachine,
} from './state-machine.ts';
