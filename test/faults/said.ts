import type { House } from './house.ts';

/** What banger wrote to standard error, without what is another one each time. */
export function saidBy({ folder }: Pick<House, 'folder'>, text: string): string {
  return text
    .trim()
    .replaceAll(/^banger: /gm, '')
    .replaceAll(`${folder}/state/banger-local/`, '…/')
    .replaceAll(`${folder}/run/`, '…/')
    .replaceAll(/\b(process|kill -CONT) \d+/g, '$1 PID')
    .replaceAll(/staging\/\S+"/g, 'staging/…"')
    .replaceAll('\n', ' / ');
}
