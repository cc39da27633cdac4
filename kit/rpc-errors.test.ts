import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError, REASONS, type Reason } from './errors.ts';
import { GRPC_STATUS } from './grpc-status.ts';
import { fromRpcError, toRpcError } from './rpc-errors.ts';

/** Through the edge of a server and that of a client. */
function roundTrip(error: unknown): BangerError {
  const { code, message, details } = toRpcError(error, 'op-1');
  return fromRpcError(code, message, details.toString('base64'));
}

test('an error of ours arrives as it left, whatever its reason', () => {
  for (const reason of Object.keys(REASONS) as Reason[]) {
    const sent = new BangerError(reason, 'vm "web" — nö\n', { metadata: { vm: 'web' } });
    const arrived = roundTrip(sent);
    assert.equal(arrived.reason, reason);
    assert.equal(arrived.message, sent.message);
    assert.deepEqual(arrived.metadata, { vm: 'web' });
    assert.equal(toRpcError(sent, 'op').code, GRPC_STATUS[REASONS[reason]]);
  }
});

test('the cause of an error stays in the service', () => {
  const sent = new BangerError('DISK_FULL', 'full', { cause: new Error('/secret/path') });
  assert.equal(toRpcError(sent, 'op').details.includes('secret'), false);
  assert.equal(roundTrip(sent).cause, undefined);
});

test('of a foreign error only the id of the operation leaves the service', () => {
  for (const error of [new Error('password=1'), 'password=1', undefined, { password: 1 }]) {
    const { code, message, details } = toRpcError(error, 'op-1');
    assert.equal(code, GRPC_STATUS.INTERNAL);
    assert.match(message, /op-1/);
    assert.equal(message.includes('password') || details.includes('password'), false);
  }
});

test('an abort is a cancellation, and a time limit that ran out says so', () => {
  assert.equal(roundTrip(AbortSignal.abort().reason).reason, 'CANCELLED');
  const late = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  assert.equal(roundTrip(late).reason, 'DEADLINE_EXCEEDED');
});

test('an error that gRPC itself made gets the nearest reason and keeps its words', () => {
  const cases: [number, Reason][] = [
    [GRPC_STATUS.UNIMPLEMENTED, 'NOT_IMPLEMENTED'],
    [GRPC_STATUS.UNAVAILABLE, 'SERVICE_UNAVAILABLE'],
    [GRPC_STATUS.RESOURCE_EXHAUSTED, 'INVALID_FIELD'],
    [GRPC_STATUS.UNKNOWN, 'INTERNAL'],
    [99, 'INTERNAL'],
  ];
  for (const [code, reason] of cases) {
    const error = fromRpcError(code, 'words', undefined);
    assert.equal(error.reason, reason);
    assert.equal(error.message, 'words');
  }
  assert.notEqual(fromRpcError(GRPC_STATUS.UNAVAILABLE, '', undefined).message, '');
});

test('details that are not ours, or cannot be read, do not hide the error itself', () => {
  for (const details of ['', '!!!', Buffer.from('garbage').toString('base64'), '/////w==']) {
    const error = fromRpcError(GRPC_STATUS.UNAVAILABLE, 'words', details);
    assert.equal(error.reason, 'SERVICE_UNAVAILABLE');
    assert.equal(error.message, 'words');
  }
});

test('a message with half a character in it leaves as text that every client can read', () => {
  const { message } = toRpcError(new BangerError('COMMAND_FAILED', 'ended: \udc00 …'), 'op');
  assert.ok(message.isWellFormed());
});
