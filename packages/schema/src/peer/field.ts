import type { ByteWriter } from '@quorate/base';

// As proto3 has it: a field that holds its default (0, false, empty) is not written.

export const emptyBytes: Uint8Array = new Uint8Array(0);

export function writeNumber(writer: ByteWriter, field: number, value: number): void {
  if (value === 0) return;
  writer.varint(field << 3);
  writer.varint(value);
}

export function writeBool(writer: ByteWriter, field: number, value: boolean): void {
  if (!value) return;
  writer.varint(field << 3);
  writer.varint(1);
}

export function writeBytes(writer: ByteWriter, field: number, value: Uint8Array): void {
  if (value.length === 0) return;
  writer.varint((field << 3) | 2);
  writer.bytes(value);
}
