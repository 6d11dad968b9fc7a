import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { BackupTarget, StoredFile } from '@quorate/server';

/** Parts of this size: 10,000 of them, as many as there may be, are 160 GB. */
const partBytes = 16 * 1024 * 1024;
const partsAtOnce = 2;

export interface S3TargetOptions {
  readonly bucket: string;
  /** Without a slash at its end; '' for none. */
  readonly prefix: string;
  /** Null: as the environment says (AWS_ENDPOINT_URL), or Amazon's. */
  readonly endpoint: string | null;
}

/**
 * A bucket, by the S3 API. Who asks, and in which region, is what the AWS SDK finds in the
 * environment and its files.
 */
export class S3Target implements BackupTarget {
  readonly description: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ bucket, prefix, endpoint }: S3TargetOptions) {
    const environment = process.env;
    const given = endpoint ?? environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'];
    const isForeign = given !== undefined && given !== '';
    const hasRegion = Boolean(environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION']);
    this.#client = new S3Client({
      ...(isForeign ? { endpoint: given, forcePathStyle: true } : {}),
      ...(isForeign && !hasRegion ? { region: 'us-east-1' } : {}),
      // Services other than Amazon's take the SDK's own framing of checksums for content. What is
      // written is read back and compared in any case.
      requestChecksumCalculation: isForeign ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
      responseChecksumValidation: isForeign ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    });
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.description = `s3://${bucket}/${prefix}`;
  }

  async list(): Promise<readonly StoredFile[]> {
    const files: StoredFile[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: this.#prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      );
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        files.push({ name: Key.slice(this.#prefix.length), bytes: Size });
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
    return files;
  }

  async write(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
    // There is no object of that name before the last part has arrived.
    const upload = new Upload({
      client: this.#client,
      params: { Bucket: this.#bucket, Key: this.#prefix + name, Body: Readable.from(pieces) },
      partSize: partBytes,
      queueSize: partsAtOnce,
    });
    await upload.done();
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void> {
    const answer = await this.#client.send(
      new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + name }),
    );
    const body = answer.Body as AsyncIterable<Uint8Array> | undefined;
    if (body !== undefined) yield* body;
  }

  async remove(name: string): Promise<void> {
    await this.#client.send(
      new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + name }),
    );
  }
}
