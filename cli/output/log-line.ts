import { styleText } from 'node:util';

const STYLES = { warn: 'yellow', error: 'red', debug: 'dim' } as const;

/** A JSON log line as people read it: time, service, message, then the rest as name=value. */
export function formatLogLine(line: string, color: boolean): string {
  const fields = parseLine(line);
  if (fields === undefined) return line;
  const { time, level, message, service, ...rest } = fields;
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${formatValue(value)}`);
  const text = [
    String(time).slice(11, 23),
    String(service).padEnd(6),
    String(message),
    ...facts,
  ].join('  ');
  const style = Object.entries(STYLES).find(([name]) => name === level)?.[1];
  return color && style !== undefined ? styleText(style, text, { validateStream: false }) : text;
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return value instanceof Object ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    // A crash may have cut a line short; it is shown as it is.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function formatValue(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
