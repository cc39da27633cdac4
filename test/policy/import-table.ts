import { findComputedImports, findImports, type Import } from './imports.ts';
import { findLayer, type Layer, mayImport } from './layers.ts';
import { isForTests, sourcesOf, type Tree, type Violation } from './tree.ts';

/** Holds every file to its layer's row of the table. */
export function checkImports(tree: Tree): Violation[] {
  return sourcesOf(tree).flatMap((file) => {
    const layer = findLayer(file);
    if (layer === undefined) return [`${file}: belongs to no layer of test/policy/layers.ts`];
    const source = tree.read(file);
    return [
      ...findImports(file, source).flatMap((found) => judge(file, layer, found)),
      ...computedImports(file, source),
    ];
  });
}

function judge(file: string, layer: Layer, { specifier, line, path }: Import): Violation[] {
  const say = (what: string) => [`${file}:${line}: ${what}`];
  if (path === undefined) {
    if (specifier.startsWith('node:') || layer.packages) return [];
    return say(`the layer ${layer.name} may not use the package "${specifier}"`);
  }
  if (!isForTests(file) && isForTests(path)) return say(`only tests may import "${path}"`);
  if (!mayImport(layer, file, path)) return say(`the layer ${layer.name} may not import "${path}"`);
  const [area = ''] = path.split('/');
  const crosses = !file.startsWith(`${area}/`) && (area === 'kit' || area === 'proto');
  if (crosses && specifier.startsWith('.')) return say(`"${specifier}" is written "#${area}/…"`);
  return [];
}

/** An import that is put together at run time would escape the table. */
function computedImports(file: string, source: string): Violation[] {
  if (isForTests(file)) return [];
  return findComputedImports(source).map((line) => `${file}:${line}: imports a computed name`);
}
