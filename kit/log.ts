export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

/** JSON lines: the message is a constant, everything that varies is a field. */
export type Log = {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that every line carries. */
  with(fields: LogFields): Log;
};

export type LogOptions = {
  level: LogLevel;
  write(line: string): void;
  now(): Date;
  fields?: LogFields;
};

export function createLog(options: LogOptions): Log {
  const { level, write, now, fields = {} } = options;
  const lowest = LOG_LEVELS.indexOf(level);
  const at =
    (lineLevel: LogLevel) =>
    (message: string, more: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(lineLevel) < lowest) return;
      const line = { time: now().toISOString(), level: lineLevel, message, ...fields, ...more };
      write(`${formatLine(line)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (more) => createLog({ ...options, fields: { ...fields, ...more } }),
  };
}

/** Some values cannot be written (a circle, a getter that throws); they must not fail the call they tell of. */
function formatLine(line: LogFields): string {
  try {
    return JSON.stringify(line, printable);
  } catch (error) {
    const fields = Object.entries(line).map(([key, value]) =>
      typeof value === 'object' ? [key, `cannot be written: ${String(error)}`] : [key, value],
    );
    return JSON.stringify(Object.fromEntries(fields), printable);
  }
}

/** JSON.stringify turns an Error into `{}` and throws on a bigint; a log must do neither. */
function printable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return describeError(value);
  return value;
}

function describeError(error: Error): LogFields {
  const reason = 'reason' in error ? { reason: error.reason } : {};
  const cause = error.cause === undefined ? {} : { cause: error.cause };
  const parts = error instanceof AggregateError ? { errors: error.errors } : {};
  return { ...reason, message: error.message, stack: error.stack, ...cause, ...parts };
}
