import { styleText } from 'node:util';
import { formatDuration } from '#kit/duration.ts';
import { formatSize } from '#kit/size.ts';
import { ProgressUnit, type Stage, StageState } from '#proto/banger/v1/types.ts';

export const PROGRESS_MODES = ['auto', 'plain', 'off'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export type ProgressOptions = {
  stream: { isTTY?: boolean; columns?: number; rows?: number; write(text: string): unknown };
  mode: ProgressMode;
  color: boolean;
  env: { TERM?: string | undefined; CI?: string | undefined };
};

/** Shows the stages of a long verb: repainted lines on a terminal, one line a finished stage elsewhere. */
export type Progress = {
  stage(stage: Stage): void;
  /** Leaves what is on the screen as it is and says one last thing. */
  end(summary?: string): void;
};

const REPAINT_MS = 100;
const USUAL_COLUMNS = 80;
const USUAL_ROWS = 24;

export function createProgress(options: ProgressOptions): Progress {
  const { stream, mode, env } = options;
  const repaints = stream.isTTY === true && env.TERM !== 'dumb' && !env.CI;
  if (mode === 'off' || (mode === 'auto' && !repaints)) return silent();
  return mode === 'plain' || !repaints ? plain(options) : painted(options);
}

function silent(): Progress {
  return { stage: () => undefined, end: () => undefined };
}

function plain({ stream }: ProgressOptions): Progress {
  const told = new Set<string>();
  return {
    stage(stage) {
      if (stage.state === StageState.RUNNING || told.has(stage.name)) return;
      told.add(stage.name);
      stream.write(`${formatStage(stage)}\n`);
    },
    end(summary) {
      if (summary !== undefined) stream.write(`${summary}\n`);
    },
  };
}

function painted({ stream, color }: ProgressOptions): Progress {
  const stages = new Map<string, { stage: Stage; heardAt: number }>();
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const paint = (all: boolean) => {
    // A pseudo-terminal of size 0x0 exists (some CI systems make them); it is treated as a usual one.
    const width = (stream.columns || USUAL_COLUMNS) - 1;
    const height = (stream.rows || USUAL_ROWS) - 1;
    const lines = [...stages.values()].map(
      ({ stage, heardAt }) => `${formatLine(ticking(stage, heardAt), width, color)}\x1b[K\n`,
    );
    // What has left the window above cannot be painted again.
    const shown = all ? lines : lines.slice(-height);
    stream.write(`${drawn > 0 ? `\x1b[${drawn}F` : ''}${shown.join('')}`);
    drawn = shown.length;
  };
  return {
    stage(stage) {
      stages.set(stage.name, { stage, heardAt: performance.now() });
      timer ??= setInterval(paint, REPAINT_MS, false).unref();
    },
    end(summary) {
      if (timer !== undefined) paint(true);
      clearInterval(timer);
      timer = undefined;
      if (summary !== undefined) stream.write(`${summary}\n`);
    },
  };
}

/** A stage that has nothing to say, such as a boot, is seen to go on all the same. */
function ticking(stage: Stage, heardAt: number): Stage {
  if (stage.state !== StageState.RUNNING) return stage;
  return { ...stage, elapsedMs: stage.elapsedMs + Math.round(performance.now() - heardAt) };
}

function formatLine(stage: Stage, width: number, color: boolean): string {
  const text = formatStage(stage).slice(0, width);
  if (!color) return text;
  const style =
    stage.state === StageState.FAILED ? 'red' : stage.state === StageState.DONE ? 'dim' : 'cyan';
  return styleText(style, text, { validateStream: false });
}

export function formatStage(stage: Stage): string {
  const time = formatDuration(stage.elapsedMs);
  const mark = stage.state === StageState.FAILED ? 'failed' : time;
  const parts = [stage.name.padEnd(16), mark.padStart(7), formatAmount(stage), stage.detail];
  return parts.filter((part) => part !== '').join('  ');
}

function formatAmount({ progress, elapsedMs }: Stage): string {
  if (progress === undefined) return '';
  const { done, total, unit } = progress;
  if (unit !== ProgressUnit.BYTES) return total > 0 ? `${done}/${total}` : `${done}`;
  const rate = elapsedMs > 500 ? `  ${formatSize(Math.round((done * 1000) / elapsedMs))}/s` : '';
  return `${formatSize(done)}${total > 0 ? ` of ${formatSize(total)}` : ''}${rate}`;
}
