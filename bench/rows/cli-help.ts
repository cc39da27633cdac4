import { cliRow } from '../cli-row.ts';

export const cliHelp = cliRow({
  name: 'cli-help',
  words: ['--help'],
  prints: /Start here:/,
  note: 'Builds the page of all commands, asks no service.',
});
