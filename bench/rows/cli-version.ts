import { cliRow } from '../cli-row.ts';

export const cliVersion = cliRow({
  name: 'cli-version',
  words: ['version'],
  prints: /^banger \d/,
  note: 'Parses the command line, asks no service.',
});
