import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chain, judgeChains } from './packet-filters.ts';

const chain = (given: Partial<Chain>): Chain => ({
  ...{ family: 'ip', table: 'filter', name: 'FORWARD', type: 'filter' },
  ...{ hook: 'forward', policy: 'accept' },
  ...given,
});

test('tables that accept by default, and our own, are fine', () => {
  const own = chain({ family: 'inet', table: 'banger', policy: 'drop' });
  const check = judgeChains([chain({}), own, chain({ hook: 'output', policy: 'drop' })]);
  assert.equal(check.status, 'pass');
});

test("docker's closed forwarding is explained with docker's own way to open it", () => {
  const check = judgeChains([
    chain({ policy: 'drop' }),
    { ...chain({ name: 'DOCKER-USER' }), hook: '' },
  ]);
  assert.equal(check.status, 'warn');
  assert.match(check.detail, /table ip filter drops by default: guests with nat may not reach/);
  assert.match(check.remedy, /^iptables -I DOCKER-USER -i br-banger -j ACCEPT && /);
});

test('ufw and firewalld are opened in their own words', () => {
  const ufw = judgeChains([
    chain({ policy: 'drop' }),
    chain({ name: 'ufw-user-forward', hook: '' }),
  ]);
  assert.match(ufw.remedy, /^ufw route allow in on br-banger/);
  const firewalld = judgeChains([
    chain({ family: 'inet', table: 'firewalld', name: 'filter_FORWARD' }),
  ]);
  assert.match(firewalld.remedy, /^firewall-cmd .*--add-interface=br-banger/);
});

test('a closed table of nobody known is opened by a rule in it', () => {
  const check = judgeChains([
    chain({ family: 'inet', table: 'mine', name: 'in', hook: 'input', policy: 'drop' }),
  ]);
  assert.match(check.detail, /guests may not reach the DNS forwarder/);
  assert.equal(check.remedy, 'nft insert rule inet mine in iifname br-banger accept');
});
