import { get } from 'node:http';
import { text } from 'node:stream/consumers';

/** What a command is without banger: ask, print, end. Plain JSON over HTTP/1 on the Unix socket it is given. */
const [socketPath] = process.argv.slice(2);

get({ socketPath, path: '/vms', agent: false }, (response) => {
  void text(response).then((answer) => {
    process.stdout.write(`${answer}\n`);
  });
});
