import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { frameMessage } from '#kit/http2-frames.ts';
import { localPaths, socketPath } from '#kit/paths.ts';

/** Every call is answered with an empty message, which any response can be read from. */
function standIn(): Http2Server {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    const headers = { ':status': 200, 'content-type': 'application/grpc' };
    stream.respond(headers, { waitForTrailers: true });
    stream.end(frameMessage(new Uint8Array()));
  });
  return server;
}

/**
 * Runs the bundled command line once, `banger vm list` against a stand-in for vmd, and writes what V8 has compiled
 * by its end. Node's own compile cache holds only what is compiled while a file is loaded, and most of what a
 * command runs is compiled later, when it is first called.
 */
const [input = '', output = ''] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'banger-build-'));
for (const name of ['XDG_RUNTIME_DIR', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME']) {
  process.env[name] = folder;
}
const paths = localPaths(process.env, process.getuid?.() ?? 0);
mkdirSync(paths.runtime, { recursive: true });
await once(standIn().listen(socketPath(paths, 'vmd')), 'listening');
process.argv = [process.execPath, 'banger', 'vm', 'list'];
const script = new Script(readFileSync(input, 'latin1'), { filename: input });
process.once('exit', () => {
  // Where a banger is installed that one is asked, and it may refuse: what was compiled on the way serves as well.
  process.exitCode = 0;
  writeFileSync(output, script.createCachedData());
  rmSync(folder, { recursive: true });
});
script.runInThisContext()(createRequire(input), input);
