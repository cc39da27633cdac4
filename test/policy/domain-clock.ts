import { codeOf } from './code.ts';
import { lineAt, sourcesOf, type Tree, type Violation } from './tree.ts';

const UNREPEATABLE =
  /\b(?:Date\s*\.\s*now|new\s+Date\s*\(\s*\)|Math\s*\.\s*random|randomUUID|randomBytes|randomInt)/g;

/** Time and chance reach the domain through ports, so that its tests can say what they are. */
export function checkDomainClock(tree: Tree): Violation[] {
  const domain = sourcesOf(tree).filter((file) => /^services\/\w+\/domain\//.test(file));
  return domain
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const code = codeOf(tree.read(file));
      return [...code.matchAll(UNREPEATABLE)].map(
        ({ index, 0: what }) => `${file}:${lineAt(code, index)}: "${what}" comes from a port`,
      );
    });
}
