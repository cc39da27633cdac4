import { isTest, type Tree, type Violation } from './tree.ts';

const FOLDER = 'services/rootd/ops/';
const CONTRACT = 'proto/banger/v1/root.proto';
const PAGE = 'docs/security.md';

/** The folder of root operations is the list that people audit: contract, page and folder say the same. */
export function checkRootOps(tree: Tree): Violation[] {
  const files = tree.paths.filter((path) => path.startsWith(FOLDER) && !isTest(path));
  const rpcs = [...tree.read(CONTRACT).matchAll(/^\s*rpc\s+(\w+)/gm)].map(([, name]) => name);
  const page = tree.has(PAGE) ? tree.read(PAGE) : '';
  return files.flatMap((file) => {
    const name = file.slice(FOLDER.length).replace(/\.ts$/, '');
    const problems = [
      rpcs.includes(pascalCase(name)) ? '' : `${CONTRACT} has no rpc for it`,
      page.includes(`\`${name}\``) ? '' : `${PAGE} does not name \`${name}\``,
      tree.read(file).includes('Root because:') ? '' : 'says nowhere "Root because:"',
    ];
    return problems.filter((problem) => problem !== '').map((problem) => `${file}: ${problem}`);
  });
}

function pascalCase(name: string): string {
  return name.replaceAll(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
