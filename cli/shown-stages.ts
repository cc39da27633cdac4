import type { Input, Option } from './command.ts';
import { optionText } from './input.ts';
import { UsageError } from './output/error.ts';
import { PROGRESS_MODES, type ProgressMode } from './output/progress.ts';

/** How a long verb shows its stages: for every verb that has some. */
export const STAGE_OPTIONS: readonly Option[] = [
  {
    spelling: '--progress <mode>',
    description: 'auto (on a terminal), plain or off',
    completes: PROGRESS_MODES,
  },
  { spelling: '--timing', description: 'show at the end how long each stage took' },
];

export type ShownStages = {
  mode: ProgressMode;
  /** Say at the end where the time went, whatever the mode. */
  timing?: boolean;
};

export function readShownStages(input: Input, command: string): ShownStages {
  const given = optionText(input, 'progress') ?? 'auto';
  const mode = PROGRESS_MODES.find((known) => known === given);
  if (mode !== undefined) return { mode, timing: input.options.timing === true };
  throw new UsageError(`--progress is ${PROGRESS_MODES.join(', ')}, not "${given}"`, command);
}
