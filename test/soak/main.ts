import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { openSuiteEnding } from '../integration/suite-ending.ts';
import { soak } from './soak.ts';

// npm run soak -- [--cycles 1000] [--seed N] [--state FOLDER]

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    state: { type: 'string', default: join(programRoot(), 'dist/soak') },
  },
});

const suite = openSuiteEnding();
try {
  await soak(suite, {
    cycles: wholeNumber('cycles', values.cycles),
    seed: values.seed === undefined ? undefined : wholeNumber('seed', values.seed),
    state: values.state,
    say: (line) => void process.stdout.write(`${line}\n`),
  });
} finally {
  await suite.end();
}

function wholeNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`--${name} takes a whole number, not "${text}"`);
}
