import { concatBytes } from '@quorate/base';
import { encodeCommand, type KvCommand, KvStateMachine } from '@quorate/kv';
import { type EtcdResult, EtcdStateMachine, keyValueCommand } from '@quorate/server/core';
import type { Asker, AuthCommand } from '../../../src/core/auth/auth-model.ts';
import { authCommand, keyValueCommandAs } from '../../../src/core/etcd-command.ts';
import { text } from '../called-service.ts';

const nobody: Asker = { user: '', authRevision: 0 };

export function auth(command: AuthCommand, user = ''): Uint8Array {
  return authCommand(command, user === '' ? nobody : { user, authRevision: 0 });
}

export function kv(command: KvCommand): Uint8Array {
  return keyValueCommand(encodeCommand(command));
}

export function kvAs(command: KvCommand, user: string, authRevision: number, usesLease = false) {
  return keyValueCommandAs(encodeCommand(command), { user, authRevision }, usesLease);
}

export function put(key: string, lease = 0n): KvCommand {
  return {
    kind: 'put',
    key: text(key),
    value: text('v'),
    lease,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

/** A replica without a group: what it is given is applied, in batches of any size. */
export class AuthReplica {
  readonly store = new KvStateMachine();
  readonly machine = new EtcdStateMachine(this.store);
  #index = 0;

  get revision(): number {
    return this.machine.auth.revision;
  }

  apply(...commands: Uint8Array[]): readonly EtcdResult[] {
    const entries = commands.map((command) => {
      this.#index++;
      return { index: this.#index, term: 1, timestampMicros: this.#index, command };
    });
    return this.machine.apply(entries);
  }

  /** What became of each: `ok`, or why it was refused. */
  outcome(...commands: Uint8Array[]): string[] {
    return this.apply(...commands).map((result) => ('refusal' in result ? result.refusal : 'ok'));
  }

  /** root, and alice who may write a to b. */
  enabled(): this {
    const range = { key: text('a'), rangeEnd: text('b') };
    this.apply(
      auth({ kind: 'userAdd', name: 'root', passwordHash: 'h', hasNoPassword: false }),
      auth({ kind: 'userGrantRole', name: 'root', role: 'root' }),
      auth({ kind: 'userAdd', name: 'alice', passwordHash: 'h', hasNoPassword: false }),
      auth({ kind: 'userAdd', name: 'bob', passwordHash: '', hasNoPassword: true }),
      auth({ kind: 'roleAdd', name: 'r' }),
      auth({
        kind: 'roleGrantPermission',
        name: 'r',
        permission: { type: 'readwrite', ...range },
      }),
      auth({ kind: 'userGrantRole', name: 'alice', role: 'r' }),
      auth({ kind: 'authEnable' }),
    );
    return this;
  }

  /** The log goes on where that replica's ended. */
  continueFrom(other: AuthReplica): void {
    this.#index = other.#index;
  }

  snapshot(): Uint8Array {
    const chunks = this.machine.snapshot();
    const out: Uint8Array[] = [];
    for (let next = chunks.next(); next.done !== true; next = chunks.next()) {
      out.push(next.value.slice());
    }
    return concatBytes(out);
  }

  restore(snapshot: Uint8Array, pieceBytes: number): void {
    const sink = this.machine.restore();
    for (let at = 0; at < snapshot.length; at += pieceBytes) {
      sink.chunk(snapshot.slice(at, at + pieceBytes));
    }
    sink.finish();
  }
}
