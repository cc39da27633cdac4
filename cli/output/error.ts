import { styleText } from 'node:util';
import { isAbort } from '#kit/abort.ts';
import { BangerError } from '#kit/errors.ts';
import type { OutputOptions } from './output.ts';

/** Wrong words on the command line: told with the way to the right ones, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** The command whose help answers the question, such as "banger vm list". */
  readonly command: string;

  constructor(message: string, command: string) {
    super(message);
    this.command = command;
  }
}

/** Somebody ended the command, or nobody reads it any more: the exit code says which, and there is nothing to explain. */
export class Interrupted extends Error {
  override readonly name = 'AbortError';
  readonly code: number;

  constructor(code: number) {
    super('interrupted');
    this.code = code;
  }
}

export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130, brokenPipe: 141 } as const;

/** How an error looks on stderr, and the exit code it stands for. */
export function formatError(
  error: unknown,
  { json, color }: Pick<OutputOptions, 'json' | 'color'>,
): { text: string; code: number } {
  if (error instanceof UsageError) {
    if (json)
      return { text: `${JSON.stringify({ error: usageToJson(error) })}\n`, code: EXIT.usage };
    const text = `${prefix(color)} ${error.message}\nsee: ${error.command} --help\n`;
    return { text, code: EXIT.usage };
  }
  // What a service calls cancelled without a signal to this process was cancelled by somebody else: an error like others.
  if (isAbort(error)) {
    const code = error instanceof Interrupted ? error.code : EXIT.interrupted;
    return { text: code === EXIT.brokenPipe ? '' : `${prefix(color)} interrupted\n`, code };
  }
  if (json) return { text: `${JSON.stringify({ error: toJson(error) })}\n`, code: EXIT.failed };
  return { text: `${prefix(color)} ${describe(error)}\n`, code: EXIT.failed };
}

function usageToJson({ message, command }: UsageError): unknown {
  return { reason: 'USAGE', message, metadata: { help: `${command} --help` } };
}

function toJson(error: unknown): unknown {
  if (!(error instanceof BangerError)) return { reason: 'INTERNAL', message: describe(error) };
  return { reason: error.reason, message: error.message, metadata: error.metadata };
}

/** An error that is not ours is a defect of banger: its stack is what a report needs. */
function describe(error: unknown): string {
  if (error instanceof BangerError) return error.message;
  return error instanceof Error ? `this is a defect of banger: ${error.stack}` : String(error);
}

function prefix(color: boolean): string {
  return color ? styleText(['bold', 'red'], 'banger:', { validateStream: false }) : 'banger:';
}
