export type StageState = 'running' | 'done' | 'failed';
export type StageProgress = { done: number; total: number; unit: 'bytes' | 'items' };

/** One step of a long verb, in its latest form. */
export type Stage = {
  name: string;
  state: StageState;
  detail: string;
  elapsedMs: number;
  progress?: StageProgress;
};

export type Report = (stage: Stage) => void;

/** What the work of a stage may say about itself while it runs. */
export type Tell = (detail: string, progress?: StageProgress) => void;

/** Numbers that change faster than anybody can read cost those who count and those who listen. */
const PROGRESS_MS = 50;

/** Runs one step of a long verb and reports its beginning, its progress and its end, with the time it took. */
export async function runStage<Result>(
  report: Report,
  name: string,
  work: (tell: Tell) => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  let latest: Pick<Stage, 'detail' | 'progress'> = { detail: '' };
  let countedAt = Number.NEGATIVE_INFINITY;
  const say = (state: StageState) =>
    report({ name, state, elapsedMs: Math.round(performance.now() - startedAt), ...latest });
  say('running');
  try {
    const result = await work((detail, progress) => {
      latest = progress === undefined ? { detail } : { detail, progress };
      if (progress !== undefined) {
        // More of them follow, and the last ones are told with the end. Words alone are told at once.
        if (performance.now() - countedAt < PROGRESS_MS) return;
        countedAt = performance.now();
      }
      say('running');
    });
    say('done');
    return result;
  } catch (error) {
    say('failed');
    throw error;
  }
}

/** The stages with one of them in a new form, in the order in which they began. */
export function withStage(stages: readonly Stage[], stage: Stage): Stage[] {
  const index = stages.findIndex(({ name }) => name === stage.name);
  return index === -1 ? [...stages, stage] : stages.with(index, stage);
}
