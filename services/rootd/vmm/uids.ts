import { BangerError } from '#kit/errors.ts';

export type UidRange = { readonly base: number; readonly count: number };

/**
 * Goes round the range, so that a uid that was just given up is the last one to be given out again: its process
 * may still wait to be collected by init. A VMM keeps its uid while it lives, and no file belongs to it. That
 * nothing else runs under a uid is proven by the jail program, when it has become that user.
 */
export function createUidPicker({ base, count }: UidRange, start: number) {
  let next = start % count;
  return (taken: ReadonlySet<number>): number => {
    for (let step = 0; step < count; step++) {
      const uid = base + next;
      next = (next + 1) % count;
      if (!taken.has(uid)) return uid;
    }
    throw new BangerError(
      'HOST_NOT_READY',
      `all ${count} uids for VMMs are taken; raise rootd.uid_count`,
    );
  };
}
