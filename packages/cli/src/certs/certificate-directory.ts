import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError, codeOf, messageOf } from '../cli-error.ts';
import { makeDirectory } from '../make-directory.ts';
import type { KeyedCertificate } from './certificate-maker.ts';

/** The authority's own files have this name. */
export const authorityName = 'ca';

const blockPattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n?/g;

/** @returns that a command about certificates does not do what it was asked; nothing was changed */
export function refused(path: string, problem: string, cause?: unknown): CliError {
  return new CliError('CLI_CERTS_REFUSED', `${path} ${problem}`, { path }, { cause });
}

/** @returns every certificate of a PEM text, as texts */
export function certificateBlocks(text: string): string[] {
  return text.match(blockPattern) ?? [];
}

/**
 * A directory of `quorate certs`: `ca.crt` with one authority or, while it is being replaced, the
 * new one and those before; `ca.key` of the first; `NAME.crt` and `NAME.key` for each leaf.
 */
export class CertificateDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  certPath(name: string): string {
    return join(this.path, `${name}.crt`);
  }

  keyPath(name: string): string {
    return join(this.path, `${name}.key`);
  }

  /** Whether both files are there. */
  has(name: string): boolean {
    return existsSync(this.certPath(name)) && existsSync(this.keyPath(name));
  }

  /** @throws CliError CLI_CERTS_REFUSED when it has one, or only half of it */
  assertFree(name: string): void {
    for (const path of [this.certPath(name), this.keyPath(name)]) {
      if (!existsSync(path)) continue;
      throw refused(path, 'is there already; give --force to replace it, or choose another name');
    }
  }

  /**
   * The authority that signs, and the whole text of `ca.crt`.
   *
   * @throws CliError CLI_CERTS_REFUSED
   */
  authority(): KeyedCertificate & { readonly bundle: string } {
    const path = this.certPath(authorityName);
    const bundle = this.#read(path, `make one with quorate certs init --dir ${this.path}`);
    const keyPath = this.keyPath(authorityName);
    const key = this.#read(keyPath, 'without it nothing can be issued; begin anew with certs init');
    for (const cert of certificateBlocks(bundle)) {
      if (fits(cert, key)) return { cert, key, bundle };
    }
    throw refused(keyPath, `is the key of no certificate in ${path}; put the right one there`);
  }

  /** @throws CliError CLI_CERTS_REFUSED */
  leaf(name: string): X509Certificate {
    const path = this.certPath(name);
    const text = this.#read(path, 'issue it with quorate certs issue');
    try {
      return new X509Certificate(text);
    } catch (error) {
      throw refused(path, 'holds no certificate; remove it', error);
    }
  }

  /** Of all leaves, in order. */
  leafNames(): string[] {
    const names = this.#names().filter((name) => name.endsWith('.crt'));
    return names.map((name) => name.slice(0, -'.crt'.length)).filter((n) => n !== authorityName);
  }

  /**
   * Each file is replaced in one step, and only its owner may read the key. An authority's key
   * comes last: until then the old one still issues.
   */
  write(name: string, { cert, key }: KeyedCertificate): void {
    try {
      makeDirectory(this.path, 0o700);
      if (name === authorityName) replaceFile(this.certPath(name), cert, 0o644);
      replaceFile(this.keyPath(name), key, 0o600);
      if (name !== authorityName) replaceFile(this.certPath(name), cert, 0o644);
    } catch (error) {
      throw refused(this.path, `cannot be written to (${messageOf(error)}); check it`, error);
    }
  }

  writeBundle(text: string): void {
    const path = this.certPath(authorityName);
    try {
      replaceFile(path, text, 0o644);
    } catch (error) {
      throw refused(path, `cannot be written to (${messageOf(error)}); check it`, error);
    }
  }

  #names(): string[] {
    try {
      return readdirSync(this.path).toSorted();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') {
        throw refused(this.path, 'is not there; make it with quorate certs init, or give --dir');
      }
      throw refused(this.path, `cannot be read (${messageOf(error)}); check it`, error);
    }
  }

  #read(path: string, hint: string): string {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const problem = codeOf(error) === 'ENOENT' ? 'is not there' : messageOf(error);
      throw refused(path, `${problem}; ${hint}`, error);
    }
  }
}

function fits(cert: string, key: string): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function replaceFile(path: string, text: string, mode: number): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    writeFileSync(draft, text, { mode, flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
