import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { openDeviceAddresses } from './device-address.ts';
import { formatSubnet } from './ipv4.ts';

const addressOf = openDeviceAddresses();

test('every device has the address that Node sees', () => {
  for (const [name, addresses = []] of Object.entries(networkInterfaces())) {
    const known = addresses.flatMap(({ family, cidr }) => (family === 'IPv4' ? [cidr] : []));
    const found = addressOf(name);
    if (known.length > 0) assert.equal(found && formatSubnet(found), known[0], name);
  }
});

test('what is no device has none', () => {
  assert.equal(addressOf('no-such-device'), undefined);
  assert.throws(() => addressOf('a-name-that-is-too-long'), /too long for a device/);
});
