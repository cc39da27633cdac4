import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, moduleCodeOf } from './code.ts';

const squeezed = (source: string) => codeOf(source).replaceAll(/ +/g, ' ');

test('comments are blank and the lines stay where they are', () => {
  const source = 'a; // let b\n/* let c\n let d */ e;\n';
  assert.equal(squeezed(source), 'a; \n \n e;\n');
  assert.equal(codeOf(source).length, source.length);
});

test('the insides of strings are blank and their quotes stay', () => {
  assert.equal(squeezed(`f('let', "it's \\" let");`), `f(' ', " ");`);
});

test('a template is blank, and the code in its holes is code', () => {
  assert.equal(squeezed(`\`let \${a(\`let \${b}\`)} { \\\` let\`;`), `\` \${a(\` \${b}\`)} \`;`);
});

test('a brace inside a hole does not end it', () => {
  assert.equal(squeezed(`\`\${f({ a: 1 })} let\`; g`), `\`\${f({ a: 1 })} \`; g`);
});

test('a regular expression is blank and a division is not', () => {
  assert.equal(
    squeezed("x.match(/let['/]/g); y = a / b; z = /\\//;"),
    'x.match( g); y = a / b; z = ;',
  );
});

test('only what stands outside of all brackets is code of the module', () => {
  const source = 'const a = [1];\nfunction f() {\n  let b;\n}\nlet c = (d);';
  assert.equal(
    moduleCodeOf(source).replaceAll(/ +/g, ' '),
    'const a = [ ];\nfunction f() {\n \n}\nlet c = ( );',
  );
});
