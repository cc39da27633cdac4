import { existsSync } from 'node:fs';
import { SERVICES } from '#kit/paths.ts';
import type { Command } from '../../command.ts';

export const show: Command = {
  description:
    'The configuration file: where it is looked for, and what it says, by the program that reads it. What it does not say has its default. Services read it when they start.',
  examples: [
    { line: 'banger config show', shows: 'the path, then each table' },
    { line: 'banger config show --json', shows: 'for programs' },
  ],
  next: 'banger daemon stop, then any command, makes a change hold',
  async run({ paths, out }) {
    const file = paths.config;
    const found = existsSync(file);
    // The TOML parser costs milliseconds that no other command needs.
    const { readConfigText } = await import('#kit/config-file.ts');
    const settings = readConfigText(file);
    const facts = { file, found, settings };
    out.result(facts, () => formatFacts(file, found, settings));
    return 0;
  },
};

function formatFacts(file: string, found: boolean, settings: Record<string, unknown>): string {
  if (!found) {
    return `${file} is not there, so everything has its default\ntables that it may have: ${SERVICES.join(', ')}, file_sync`;
  }
  const lines = Object.entries(settings).flatMap(([name, value]) => formatEntry(name, value));
  return [`# ${file}`, ...lines].join('\n');
}

function formatEntry(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.some((item) => typeof item === 'object')) {
    return value.flatMap((item, index) => formatEntry(`${name}[${index}]`, item));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([key, inner]) => formatEntry(`${name}.${key}`, inner));
  }
  return [`${name} = ${JSON.stringify(value)}`];
}
