import type { LogFields, Logger } from '@quorate/base';

interface Line {
  readonly event: string;
  readonly fields: LogFields;
}

/** Keeps what was logged, and tells whoever waits for a line. */
export class HeardLog implements Logger {
  readonly lines: Line[] = [];
  readonly #waiting = new Set<() => void>();

  readonly debug = (event: string, fields: LogFields = {}): void => this.#add(event, fields);
  readonly info = this.debug;
  readonly warn = this.debug;
  readonly error = this.debug;

  child(): Logger {
    return this;
  }

  /** Of the first line of that reason, also one that has come. */
  async refusal(reason: RegExp): Promise<LogFields> {
    for (;;) {
      const found = this.lines.find(({ event, fields }) => {
        return event === 'peer refused' && reason.test(String(fields['reason']));
      });
      if (found !== undefined) return found.fields;
      await new Promise<void>((fulfil) => this.#waiting.add(fulfil));
    }
  }

  #add(event: string, fields: LogFields): void {
    this.lines.push({ event, fields });
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }
}
