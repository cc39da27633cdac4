import { BUILD, VERSION } from '#kit/program.ts';
import type { Command } from '../command.ts';

export const version: Command = {
  description:
    'Version, build and the Node.js that runs it. Asks no service; "daemon status" tells theirs.',
  examples: [
    { line: 'banger version', shows: 'for people' },
    { line: 'banger version --json', shows: 'for programs: version, build, runtime' },
  ],
  async run({ out }) {
    const facts = { version: VERSION, build: BUILD, runtime: process.version };
    const all = `banger ${VERSION} (build ${BUILD}, Node.js ${process.version})`;
    out.result(facts, () => (out.quiet ? VERSION : all));
    return 0;
  },
};
