import assert from 'node:assert/strict';
import test from 'node:test';
import { findLost } from './configure-kernel.ts';

const MADE = `# comment
CONFIG_A=y
# CONFIG_B is not set
CONFIG_NAME="x"
CONFIG_COUNT=64
`;

test('a fragment that the configuration bears out has lost nothing', () => {
  const fragment =
    '# why\nCONFIG_A=y\nCONFIG_B=n\nCONFIG_UNKNOWN=n\nCONFIG_NAME="x"\nCONFIG_COUNT=64\n';
  assert.deepEqual(findLost(fragment, MADE), []);
});

test('what is unset, set otherwise, or set against the wish is named', () => {
  const lost = ['CONFIG_A=n', 'CONFIG_B=y', 'CONFIG_C=y', 'CONFIG_COUNT=8'];
  assert.deepEqual(findLost(lost.join('\n'), MADE), lost);
});
