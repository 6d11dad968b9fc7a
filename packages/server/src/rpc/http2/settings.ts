import type { Http2Limits } from './limits.ts';
import type { OutputBuffer } from './output-buffer.ts';
import {
  type ConnectionFault,
  defaultMaxFrameBytes,
  defaultWindowBytes,
  ErrorCode,
  FrameType,
  maxWindowBytes,
  readUint32,
  Setting,
} from './protocol.ts';

const settingBytes = 6;

/** What a client's SETTINGS frame changes, as far as it matters here (RFC 9113, 6.5). */
export interface ClientSettings {
  headerTableBytes: number | null;
  initialWindowBytes: number | null;
}

/** @returns the fault of a frame that is malformed */
export function readSettings(payload: Buffer): ClientSettings | ConnectionFault {
  const settings: ClientSettings = { headerTableBytes: null, initialWindowBytes: null };
  if (payload.length % settingBytes !== 0)
    return fault(ErrorCode.frameSizeError, 'SETTINGS length');
  for (let at = 0; at < payload.length; at += settingBytes) {
    const value = readUint32(payload, at + 2);
    switch (payload.readUInt16BE(at)) {
      case Setting.headerTableSize:
        // Least counts: that is what the client may have forgotten for a moment.
        settings.headerTableBytes = Math.min(value, settings.headerTableBytes ?? value);
        break;
      case Setting.enablePush:
        if (value > 1) return fault(ErrorCode.protocolError, 'ENABLE_PUSH');
        break;
      case Setting.initialWindowSize:
        if (value > maxWindowBytes) return fault(ErrorCode.flowControlError, 'INITIAL_WINDOW_SIZE');
        settings.initialWindowBytes = value;
        break;
      case Setting.maxFrameSize:
        if (value < defaultMaxFrameBytes || value >= 2 ** 24) {
          return fault(ErrorCode.protocolError, 'MAX_FRAME_SIZE');
        }
    }
  }
  return settings;
}

function fault(code: ErrorCode, what: string): ConnectionFault {
  return { code, reason: `invalid ${what}` };
}

/** What a server says first: its settings, and the connection's window. */
export function greet(output: OutputBuffer, limits: Http2Limits): void {
  const settings: readonly (readonly [id: number, value: number])[] = [
    [Setting.maxConcurrentStreams, limits.maxConcurrentStreams],
    [Setting.initialWindowSize, limits.streamWindowBytes],
    [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
  ];
  output.frameHeader(settings.length * settingBytes, FrameType.settings, 0, 0);
  for (const [id, value] of settings) {
    output.byte(0);
    output.byte(id);
    output.uint32(value);
  }
  const more = limits.connectionWindowBytes - defaultWindowBytes;
  if (more <= 0) return;
  output.frameHeader(4, FrameType.windowUpdate, 0, 0);
  output.uint32(more);
}
