import { createLog } from '#kit/log.ts';
import { listenForDns } from '../adapters/dns-listener.ts';
import { answerAll } from './dns-lab.ts';

// A DNS server outside in a process of its own, which knows one answer to everything: node upstream-program.ts
const log = createLog({ level: 'error', write: () => undefined, now: () => new Date() });
await listenForDns({ address: '0.0.0.0', port: 53 }, answerAll(1), log);
process.stdout.write('ready\n');
