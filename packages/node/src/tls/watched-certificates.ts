import { constants, type X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from '@quorate/base';
import {
  type CertificateFiles,
  type CertificateTexts,
  type CertificateUse,
  checkCertificates,
  tlsInvalid,
} from './certificate-files.ts';
import { cipherList, unknownCipherSuite } from './cipher-suites.ts';

/** Certificates, and what is spoken with them. */
export interface TlsOptions extends CertificateFiles {
  /** The oldest version of TLS that is spoken; left out: the newest where all nodes have it. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** By IANA's names, those with forward secrecy; left out: all of them. */
  readonly cipherSuites?: readonly string[];
}

/** Which certificates are watched, and what for. */
export interface WatchedCertificatesOptions {
  readonly tls: TlsOptions;
  /** What they are for, in the log and in metrics: `peer` or `client`. */
  readonly name: string;
  readonly use: CertificateUse;
  readonly defaultMinVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly logger: Logger;
}

const pollMs = 2_000;
/** Nobody's certificates are larger; what grows beyond is something else. */
const maxFileBytes = 1024 * 1024;
const dayMs = 24 * 60 * 60 * 1000;

type Expiry = 'far' | 'soon' | 'near' | 'past';

/**
 * A certificate with its key and its authorities, read again and again: when the files hold
 * something else that is sound, what begins from then on has the new ones. Contents are compared,
 * for neither the time nor the number of a file tells of a replaced link. Files that do not fit
 * each other may be in the middle of being replaced, so that they are spoken of only when they are
 * still the same the next time.
 */
export class WatchedCertificates {
  readonly name: string;
  readonly #options: WatchedCertificatesOptions;
  readonly #listeners: (() => void)[] = [];
  #texts: CertificateTexts;
  #leaf: X509Certificate;
  #contextOptions: SecureContextOptions;
  #context: SecureContext;
  /** What was found last and could not be used; null when there was nothing of the kind. */
  #broken: { readonly seen: string; isTold: boolean } | null = null;
  #expiry: Expiry = 'far';
  #polling: NodeJS.Timeout | null;
  #isClosed = false;

  private constructor(options: WatchedCertificatesOptions, texts: CertificateTexts) {
    const { tls, use } = options;
    this.#options = options;
    this.name = options.name;
    this.#leaf = checkCertificates(tls, texts, use, Date.now());
    this.#texts = texts;
    this.#contextOptions = this.#optionsOf(texts);
    this.#context = this.#contextOf(this.#contextOptions);
    this.#polling = this.#pollLater();
    this.#tellExpiry();
  }

  /** @throws NodeError NODE_TLS_INVALID, NODE_OPTIONS_INVALID when they cannot be used */
  static async open(options: WatchedCertificatesOptions): Promise<WatchedCertificates> {
    const problem = unknownCipherSuite(options.tls.cipherSuites ?? []);
    if (problem !== null) throw problem;
    return new WatchedCertificates(options, await readTexts(options.tls));
  }

  /** What the other side is shown. */
  get leaf(): X509Certificate {
    return this.#leaf;
  }

  get asksForCertificates(): boolean {
    return this.#texts.ca !== null;
  }

  /** For the next connection. */
  get context(): SecureContext {
    return this.#context;
  }

  get contextOptions(): SecureContextOptions {
    return this.#contextOptions;
  }

  /** Negative when it has expired. */
  get expiresInSeconds(): number {
    return (this.#leaf.validToDate.getTime() - Date.now()) / 1000;
  }

  /** @param listener called after each change */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks at the files once; happens by itself every few seconds. */
  async check(): Promise<void> {
    let seen = '';
    try {
      const texts = await readTexts(this.#options.tls);
      seen = JSON.stringify(texts);
      if (seen === JSON.stringify(this.#texts)) this.#broken = null;
      else this.#take(texts);
    } catch (error) {
      this.#keep(error instanceof Error ? error.message : String(error), seen);
    }
    this.#tellExpiry();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#polling !== null) clearTimeout(this.#polling);
  }

  #take(texts: CertificateTexts): void {
    const { tls, use, logger } = this.#options;
    const leaf = checkCertificates(tls, texts, use, Date.now());
    const contextOptions = this.#optionsOf(texts);
    this.#context = this.#contextOf(contextOptions);
    this.#contextOptions = contextOptions;
    this.#texts = texts;
    this.#leaf = leaf;
    this.#broken = null;
    this.#expiry = 'far';
    logger.info('certificates reloaded', { use: this.name, ...described(leaf) });
    for (const listener of this.#listeners) listener();
  }

  #keep(reason: string, seen: string): void {
    const key = `${seen} ${reason}`;
    if (this.#broken?.seen !== key) {
      this.#broken = { seen: key, isTold: false };
    } else if (!this.#broken.isTold) {
      this.#broken.isTold = true;
      const goesOn = 'the certificates of before stay in use; mend the files';
      const fields = { use: this.name, reason, advice: goesOn, ...described(this.#leaf) };
      this.#options.logger.warn('certificates not reloaded', fields);
    }
  }

  #optionsOf({ cert, key, ca }: CertificateTexts): SecureContextOptions {
    const { tls, defaultMinVersion } = this.#options;
    return {
      cert,
      key,
      ...(ca === null ? {} : { ca }),
      minVersion: tls.minVersion ?? defaultMinVersion,
      ciphers: cipherList(tls.cipherSuites),
      honorCipherOrder: true,
      // A resumed session would let in whoever was let in once: by authorities of another time.
      secureOptions: constants.SSL_OP_NO_TICKET,
    };
  }

  #contextOf(options: SecureContextOptions): SecureContext {
    try {
      return createSecureContext(options);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const problem = `and what belongs to it cannot be used (${reason}): issue them anew`;
      throw tlsInvalid(this.#options.tls.certFile, problem, error);
    }
  }

  #pollLater(): NodeJS.Timeout | null {
    if (this.#isClosed) return null;
    return setTimeout(() => {
      void this.check().finally(() => {
        this.#polling = this.#pollLater();
      });
    }, pollMs).unref();
  }

  /** Once for each step towards the end, and again for each certificate. */
  #tellExpiry(): void {
    const leftMs = this.#leaf.validToDate.getTime() - Date.now();
    const expiry = expiryOf(leftMs);
    if (expiry === this.#expiry) return;
    this.#expiry = expiry;
    const { logger, tls } = this.#options;
    const fields = { use: this.name, file: tls.certFile, ...described(this.#leaf) };
    if (expiry === 'past') logger.error('certificate has expired', fields);
    else if (expiry !== 'far') {
      const days = Math.floor(leftMs / dayMs);
      logger.warn('certificate expires soon', { ...fields, days });
    }
  }
}

function expiryOf(leftMs: number): Expiry {
  if (leftMs <= 0) return 'past';
  if (leftMs <= 7 * dayMs) return 'near';
  return leftMs <= 30 * dayMs ? 'soon' : 'far';
}

function described(leaf: X509Certificate) {
  const { subject, serialNumber, validToDate } = leaf;
  const name = (subject ?? '').replaceAll('\n', ', ');
  return { subject: name, serial: serialNumber, expires: validToDate.toISOString() };
}

async function readTexts(files: CertificateFiles): Promise<CertificateTexts> {
  const { certFile, keyFile, trustedCaFile } = files;
  return {
    cert: await readText(certFile),
    key: await readText(keyFile),
    ca: trustedCaFile === undefined ? null : await readText(trustedCaFile),
  };
}

async function readText(file: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(file, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT'
        ? 'is not there: check the path, or make it with quorate certs'
        : `cannot be read (${code}): check its owner and mode`;
    throw tlsInvalid(file, problem, error);
  }
  if (text.length > maxFileBytes) throw tlsInvalid(file, 'is too large to be a certificate');
  return text;
}
