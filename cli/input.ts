import type { Input } from './command.ts';

/** The argument at a position, where the command takes one word there. */
export function argumentText({ arguments: given }: Input, position: number): string | undefined {
  const value = given[position];
  return typeof value === 'string' ? value : undefined;
}

/** The words of a variadic argument. */
export function argumentTexts({ arguments: given }: Input, position: number): readonly string[] {
  const value = given[position];
  return typeof value === 'object' ? value : [];
}

export function optionText({ options }: Input, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be given again and again. */
export function optionTexts({ options }: Input, name: string): readonly string[] {
  const value = options[name];
  return typeof value === 'object' ? value : [];
}
