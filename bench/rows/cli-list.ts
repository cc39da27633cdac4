import { cliRow } from '../cli-row.ts';

export const cliList = cliRow({
  name: 'cli-list',
  words: ['vm', 'list'],
  prints: /no virtual machines/,
  atMost: 2.2,
  note: 'Connects to a running vmd, asks for the machines (there are none), prints. Every command that asks a service costs this.',
});
