import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeHandedSocket } from './handed-socket.ts';

test('a socket is taken only by the process that it was opened for', () => {
  const env = () => ({ LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x', PATH: '/bin' });
  assert.equal(takeHandedSocket(env(), 42), 3);
  assert.equal(takeHandedSocket(env(), 43), undefined);
  assert.equal(takeHandedSocket({}, 42), undefined);
});

test('no process started later believes that it is meant', () => {
  const env = { LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x', PATH: '/bin' };
  takeHandedSocket(env, 42);
  assert.deepEqual(env, { PATH: '/bin' });
});
