import { present } from '@quorate/base';
import {
  encodeCommand,
  isReadOnly,
  type KvCommand,
  type RangeRequest,
  type TxnRequest,
  validate,
} from '@quorate/kv';
import { decodeMessage, etcd } from '@quorate/schema';
import { rpcErrorOfAuth } from './auth/auth-errors.ts';
import { withTrace } from './command-trace.ts';
import type { EtcdResult } from './etcd-state-machine.ts';
import {
  deleteRangeFromWire,
  isSerializable,
  putFromWire,
  rangeFromWire,
  refuseRange,
  refuseTxn,
  txnFromWire,
} from './from-wire.ts';
import type { CallContext, UnaryDone, UnaryMethod } from './method.ts';
import { malformedRequest, type RpcError, rpcErrors } from './rpc-error.ts';
import { rpcErrorOfRuntime } from './runtime-failure.ts';
import type { ServiceContext } from './service-context.ts';
import {
  deleteRangeToWire,
  malformedCommand,
  putToWire,
  rangeToWire,
  rpcErrorOfRefusal,
  txnToWire,
} from './to-wire.ts';

/** Reading and writing keys. Writes go through the log, reads only through what is applied here. */
export class KvService {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  methods(): [path: string, method: UnaryMethod][] {
    return [
      ['/etcdserverpb.KV/Range', (request, done, call) => this.#range(request, done, call)],
      ['/etcdserverpb.KV/Put', (request, done, call) => this.#put(request, done, call)],
      [
        '/etcdserverpb.KV/DeleteRange',
        (request, done, call) => this.#deleteRange(request, done, call),
      ],
      ['/etcdserverpb.KV/Txn', (request, done, call) => this.#txn(request, done, call)],
      ['/etcdserverpb.KV/Compact', (request, done, call) => this.#compact(request, done, call)],
    ];
  }

  #range(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.RangeRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    const range = rangeFromWire(wire);
    const refusal = validate(range);
    const error = refusal === null ? refuseRange(wire) : rpcErrorOfRefusal(refusal);
    if (error !== null) done(error, null);
    else if (wire.serializable) this.#answerRange(range, done, call);
    else this.#context.linearizable(done, () => this.#answerRange(range, done, call));
  }

  #put(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.PutRequest, request);
    if (wire === null) done(malformedRequest, null);
    else this.#propose(putFromWire(wire), done, call);
  }

  #deleteRange(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.DeleteRangeRequest, request);
    if (wire === null) done(malformedRequest, null);
    else this.#propose(deleteRangeFromWire(wire), done, call);
  }

  #txn(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.TxnRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    const txn = txnFromWire(wire);
    const refusal = validate(txn, this.#maxOperations);
    const error = refusal === null ? refuseTxn(wire) : rpcErrorOfRefusal(refusal);
    if (error !== null) done(error, null);
    else if (!isReadOnly(txn)) this.#proposeValid(txn, done, call);
    else if (isSerializable(wire)) this.#answerTxn(txn, done, call);
    else this.#context.linearizable(done, () => this.#answerTxn(txn, done, call));
  }

  /** `physical` asks to wait until what was compacted is gone, from this member's memory. */
  #compact(request: Uint8Array, done: UnaryDone, call: CallContext): void {
    const wire = decodeMessage(etcd.CompactionRequest, request);
    if (wire === null) {
      done(malformedRequest, null);
      return;
    }
    const { sweeper } = this.#context;
    const whenGone: UnaryDone = (error, answer) => {
      if (error === null) sweeper.whenSwept(() => done(null, answer));
      else done(error, null);
    };
    const command: KvCommand = { kind: 'compact', revision: wire.revision };
    this.#propose(command, wire.physical ? whenGone : done, call);
  }

  #propose(command: KvCommand, done: UnaryDone, call: CallContext): void {
    const refusal = validate(command);
    if (refusal !== null) done(rpcErrorOfRefusal(refusal), null);
    else this.#proposeValid(command, done, call);
  }

  #proposeValid(command: KvCommand, done: UnaryDone, call: CallContext): void {
    const { guard } = this.#context;
    const refusal = guard.commandRefusal(call, command);
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const encoded = guard.loggedCommand(call, command, encodeCommand(command));
    if (encoded.length > this.#context.options.maxCommandBytes) {
      done(rpcErrors.requestTooLarge, null);
      return;
    }
    const noRoom = this.#context.quota.refusal(command, encoded.length);
    if (noRoom !== null) {
      done(noRoom, null);
      return;
    }
    const logged = withTrace(encoded, call.trace, this.#context.options.maxCommandBytes);
    this.#context.group.propose(logged, (error, applied) => {
      if (error !== null) done(rpcErrorOfRuntime(error), null);
      else this.#answerApplied(present(applied, 'what did not fail was applied').result, done);
    });
  }

  #answerApplied(result: EtcdResult, done: UnaryDone): void {
    const context = this.#context;
    switch (result.kind) {
      case 'put':
        return context.answer(etcd.PutResponse, putToWire(result), result.revision, done);
      case 'deleteRange': {
        const message = deleteRangeToWire(result);
        return context.answer(etcd.DeleteRangeResponse, message, result.revision, done);
      }
      case 'txn':
        return context.answer(etcd.TxnResponse, txnToWire(result), result.revision, done);
      case 'compact':
        return context.answer(etcd.CompactionResponse, {}, result.revision, done);
      case 'refused':
        return done(rpcErrorOfRefusal(result.refusal), null);
      case 'authRefused':
        return done(rpcErrorOfAuth(result.refusal), null);
      default:
        // Another member, of another version, appended this for us and we cannot read it.
        return done(malformedCommand, null);
    }
  }

  get #maxOperations(): number | undefined {
    return this.#context.options.maxTxnOperations;
  }

  get #corrupt(): RpcError | null {
    return this.#context.options.machine.alarms.isCorrupt ? rpcErrors.corruptCluster : null;
  }

  #answerRange(range: RangeRequest, done: UnaryDone, call: CallContext): void {
    const refusal = this.#corrupt ?? this.#context.guard.readRefusal(call, range);
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const result = this.#context.store.range(range);
    if (result.kind === 'refused') done(rpcErrorOfRefusal(result.refusal), null);
    else this.#context.answer(etcd.RangeResponse, rangeToWire(result), result.revision, done);
  }

  #answerTxn(txn: TxnRequest, done: UnaryDone, call: CallContext): void {
    const refusal = this.#corrupt ?? this.#context.guard.operationRefusal(call, txn);
    if (refusal !== null) {
      done(refusal, null);
      return;
    }
    const result = this.#context.store.readTxn(txn);
    if (result.kind === 'refused') done(rpcErrorOfRefusal(result.refusal), null);
    else this.#context.answer(etcd.TxnResponse, txnToWire(result), result.revision, done);
  }
}
