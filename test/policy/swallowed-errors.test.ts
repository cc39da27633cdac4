import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSwallowedErrors } from './swallowed-errors.ts';
import { treeOf } from './tree.ts';

const check = (source: string) => checkSwallowedErrors(treeOf({ 'kit/a.ts': source }));

test('an empty catch is refused, and a comment does not fill it', () => {
  assert.equal(check('try { f(); } catch {}').length, 1);
  assert.equal(check('try { f(); } catch (error) {\n  // never mind\n}').length, 1);
  assert.equal(check('f().catch(() => {});').length, 1);
  assert.equal(check('f().catch((_error: unknown) => {});').length, 1);
});

test('a catch that does something passes', () => {
  assert.deepEqual(check('try { f(); } catch { return undefined; }'), []);
  assert.deepEqual(check('f().catch(() => undefined);'), []);
});
