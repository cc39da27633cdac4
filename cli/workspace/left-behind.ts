import type { Context } from '../context.ts';
import type { WorkspacePlan } from './plan.ts';

/** One line about what is not in the guest though it is in the folder. */
export function tellLeftBehind({ out }: Context, { leftBehind }: WorkspacePlan): void {
  const { untracked, submodules } = leftBehind;
  const parts = [
    ...(untracked > 0 ? [`${count(untracked, 'untracked file')} (--include-untracked)`] : []),
    ...(submodules > 0 ? [`${count(submodules, 'submodule')} (--mode full-copy)`] : []),
  ];
  if (parts.length > 0) out.note(`left behind: ${parts.join(', ')}`);
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
