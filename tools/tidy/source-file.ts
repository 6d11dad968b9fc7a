import { type ModuleSyntax, readModule } from './module-syntax.ts';
import { type Tokens, tokenize } from './tokens.ts';

/** One file of the tree; parsed when first asked. */
export class SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  #tokens: Tokens | undefined;
  #module: ModuleSyntax | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  get tokens(): Tokens {
    this.#tokens ??= tokenize(this.text);
    return this.#tokens;
  }

  get module(): ModuleSyntax {
    this.#module ??= readModule(this.tokens.code);
    return this.#module;
  }

  get segments(): readonly string[] {
    return this.path.split('/');
  }

  /** TypeScript or JavaScript. */
  get isCode(): boolean {
    return /\.[cm]?[jt]s$/.test(this.path);
  }

  /** Written by a generator: held to what it does, not to how it looks. */
  get isGenerated(): boolean {
    return this.segments.slice(0, -1).includes('generated');
  }

  get isTestdata(): boolean {
    return this.segments.slice(0, -1).includes('testdata');
  }

  get isTest(): boolean {
    return /\.test\.[cm]?[jt]s$/.test(this.path) || this.segments.slice(0, -1).includes('test');
  }

  /** Whether it belongs to a deterministic `core/` folder. */
  get isInCore(): boolean {
    return this.segments.slice(0, -1).includes('core');
  }
}
