import { fileURLToPath } from 'node:url';

export function referenceFile(name: string): string {
  return fileURLToPath(new URL(`references/${name}`, import.meta.url));
}
