import { setTimeout as sleep } from 'node:timers/promises';
import type { House } from './house.ts';
import { saidBy } from './said.ts';

/** A shell in the guest that somebody has been using since before the fault. */
export type Session = AsyncDisposable & {
  /** Has the shell do something that it does not wait for. */
  send(line: string): void;
  /** "goes on", or with which words it ended. */
  look(): Promise<string>;
};

const LOOK_MS = 20;

export async function openSession(house: House, vm: string): Promise<Session> {
  const child = house.start('vm', 'exec', vm, '--', 'sh');
  const told = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (told.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (told.err += text));
  // A command that has ended has closed its input.
  child.stdin.on('error', () => child.stdin.destroy());
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  let questions = 0;
  const look = async () => {
    const answer = `answer ${++questions}\n`;
    child.stdin.write(`echo ${answer}`);
    while (!hasEnded() && !told.out.endsWith(answer)) await sleep(LOOK_MS);
    return told.out.endsWith(answer) ? 'goes on' : `ends: “${saidBy(house, told.err)}”`;
  };
  const first = await look();
  if (first !== 'goes on') throw new Error(`no command runs in the guest: ${first}`);
  return {
    send: (line) => void child.stdin.write(`${line}\n`),
    look,
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      child.kill('SIGKILL');
      while (!hasEnded()) await sleep(LOOK_MS);
    },
  };
}
