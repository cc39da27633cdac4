import { BangerError } from '#kit/errors.ts';
import type { Observe } from '#kit/operations.ts';

/**
 * For tests: ends this process, as a crash would, when a stage of a verb begins or is done. Written as
 * "create vm:launch:done"; off without a value.
 */
export function crashSwitch(point: string | undefined): Observe {
  if (point === undefined || point === '') return () => undefined;
  const [verb, name, state] = point.split(':');
  if (name === undefined || !(state === 'running' || state === 'done')) {
    throw new BangerError(
      'INVALID_FIELD',
      `"${point}" names no stage boundary; write it as VERB:STAGE:running or VERB:STAGE:done`,
    );
  }
  return (verbNow, stage) => {
    const reached = verbNow === verb && stage.name === name && stage.state === state;
    if (reached) process.kill(process.pid, 'SIGKILL');
  };
}
