import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPeer, parsePeer } from './peer.ts';

test('a peer travels as text and comes back the same', () => {
  const peer = { uid: 4_294_967_294, gid: 0, pid: 4_194_304 };
  assert.deepEqual(parsePeer(formatPeer(peer)), peer);
});

test('what is no peer is refused, because rights hang on it', () => {
  for (const text of ['', '127.0.0.1:80', 'uid=0', 'uid=0,gid=0,pid=1,x', 'uid=-1,gid=0,pid=1']) {
    assert.throws(() => parsePeer(text), /not a peer/, text);
  }
});
