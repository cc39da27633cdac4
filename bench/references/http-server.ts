import { createServer } from 'node:http';

/** What a service is without gRPC: JSON over HTTP/1 on the Unix socket it is given. */
const [socket] = process.argv.slice(2);
const answer = JSON.stringify({ vms: [] });

createServer((_request, response) => {
  response.setHeader('content-type', 'application/json').end(answer);
}).listen(socket);
process.once('SIGTERM', () => process.exit(0));
