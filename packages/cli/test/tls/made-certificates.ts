import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LogFields, Logger } from '@quorate/base';
import type { CertificateFiles } from '@quorate/node';
import { CertificateDirectory } from '../../src/certs/certificate-directory.ts';
import {
  issueLeaf,
  type KeyedCertificate,
  type LeafRequest,
  makeAuthority,
} from '../../src/certs/certificate-maker.ts';

/** A directory of certificates that is removed when the test ends. */
export class MadeCertificates {
  readonly directory: CertificateDirectory;
  readonly authority: KeyedCertificate;
  readonly other: KeyedCertificate;

  private constructor(
    directory: CertificateDirectory,
    authority: KeyedCertificate,
    other: KeyedCertificate,
  ) {
    this.directory = directory;
    this.authority = authority;
    this.other = other;
  }

  static async make(context: TestContext): Promise<MadeCertificates> {
    const path = await mkdtemp(join(tmpdir(), 'quorate-certs-'));
    context.after(() => rm(path, { recursive: true, force: true }));
    const directory = new CertificateDirectory(path);
    const authority = await makeAuthority('ours', 100);
    const other = await makeAuthority('theirs', 100);
    directory.write('ca', authority);
    directory.write('otherca', other);
    return new MadeCertificates(directory, authority, other);
  }

  /** Issues a leaf for this machine and names its files. */
  async leaf(
    name: string,
    request: Partial<LeafRequest> = {},
    authority = this.authority,
  ): Promise<CertificateFiles & { readonly trustedCaFile: string }> {
    const usual = { commonName: name, hosts: ['127.0.0.1'], use: 'node', days: 90 } as const;
    this.directory.write(name, await issueLeaf(authority, { ...usual, ...request }));
    return this.files(name);
  }

  files(name: string): CertificateFiles & { readonly trustedCaFile: string } {
    return {
      certFile: this.directory.certPath(name),
      keyFile: this.directory.keyPath(name),
      trustedCaFile: this.directory.certPath('ca'),
    };
  }
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines, and can be waited for. */
export class KeptLog implements Logger {
  readonly lines: LogLine[] = [];
  readonly #waiting: (() => void)[] = [];

  debug(event: string, fields: LogFields = {}): void {
    this.#add('debug', event, fields);
  }

  info(event: string, fields: LogFields = {}): void {
    this.#add('info', event, fields);
  }

  warn(event: string, fields: LogFields = {}): void {
    this.#add('warn', event, fields);
  }

  error(event: string, fields: LogFields = {}): void {
    this.#add('error', event, fields);
  }

  child(): Logger {
    return this;
  }

  /** Resolves with the first line whose event and reason match, also one that has come. */
  async line(event: string, reason: RegExp): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find((line) => {
        return line.event === event && reason.test(String(line.fields['reason']));
      });
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #add(level: string, event: string, fields: LogFields): void {
    this.lines.push({ level, event, fields });
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
