import type { RootUser } from './root-user.ts';

/** Opens all connections before the first one is read; an answer of one that failed is its error. */
const FETCH = `
  const { get } = require('node:http');
  const [url, count] = process.argv.slice(1);
  const fetchOne = () => new Promise((resolve) => {
    const parts = [];
    const request = get(url, { agent: false }, (response) => {
      response.on('data', (part) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts).toString()));
      response.on('error', (error) => resolve(error.code));
    });
    request.on('error', (error) => resolve(error.code));
  });
  Promise.all(Array.from({ length: Number(count) }, fetchOne)).then((answers) => {
    const counts = Object.groupBy(answers, (answer) => answer);
    const figures = Object.entries(counts).map(([answer, all]) => [answer, all.length]);
    console.log(JSON.stringify(Object.fromEntries(figures)));
  });`;

/** Fetches a page over many connections at once; answers how many of them got which answer. */
export async function fetchAtOnce(
  { run }: Pick<RootUser, 'run'>,
  count: number,
  url: string,
): Promise<Record<string, number>> {
  return JSON.parse(await run(process.execPath, '-e', FETCH, url, String(count)));
}

const COUNT = `
  let bytes = 0;
  const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
  socket.on('data', (chunk) => { bytes += chunk.length; });
  socket.on('close', () => console.log(bytes));`;

/** How many bytes a port of the host sends until it closes. */
export async function countBytes({ run }: Pick<RootUser, 'run'>, port: number): Promise<number> {
  return Number(await run(process.execPath, '-e', COUNT, String(port)));
}
