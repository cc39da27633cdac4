/** Frames as a hostile guest makes them, in hexadecimal, with every field as the test wants it. */
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

export type Sender = { mac: string; address: string };

/** "Who has target? Tell sender." `frameMac` is what the frame says of its sender, if not the truth. */
export function arpRequest(sender: Sender, target: string, frameMac = sender.mac): string {
  return [
    ...[macHex(BROADCAST), macHex(frameMac), '0806', '0001', '0800', '06', '04', '0001'],
    ...[macHex(sender.mac), ipHex(sender.address), '000000000000', ipHex(target)],
  ].join('');
}

/** An answer that nobody asked for, by which a guest would take over somebody else's address. */
export function arpClaim(sender: Sender, frameMac = sender.mac): string {
  return [
    ...[macHex(BROADCAST), macHex(frameMac), '0806', '0001', '0800', '06', '04', '0002'],
    ...[macHex(sender.mac), ipHex(sender.address), macHex(BROADCAST), ipHex(sender.address)],
  ].join('');
}

/** A UDP datagram with a correct IPv4 checksum and none for UDP, which is allowed. */
export function udp(
  sender: Sender,
  to: { mac: string; address: string; port: number },
  text: string,
): string {
  const payload = Buffer.from(text).toString('hex');
  const size = text.length + 8;
  const length = hex16(size + 20);
  const addresses = ipHex(sender.address) + ipHex(to.address);
  const header = `4500${length}000000004011`;
  const checksum = ipChecksum(`${header}0000${addresses}`);
  const datagram = `${hex16(40_000)}${hex16(to.port)}${hex16(size)}0000${payload}`;
  return `${macHex(to.mac)}${macHex(sender.mac)}0800${header}${checksum}${addresses}${datagram}`;
}

/** The same frame behind a VLAN tag, which hides its type from careless rules. */
export function tagged(frame: string): string {
  return `${frame.slice(0, 24)}81000001${frame.slice(24)}`;
}

/** A router advertisement to all nodes: what an IPv6 host would take its default route from. */
export function routerAdvertisement(mac: string): string {
  const allNodes = 'ff020000000000000000000000000001';
  const from = 'fe800000000000000000000000000099';
  const message = '860000004000070800000000000000000';
  return `333300000001${macHex(mac)}86dd6000000000103aff${from}${allNodes}${message.padEnd(32, '0')}`;
}

function macHex(mac: string): string {
  return mac.replaceAll(':', '');
}

function ipHex(address: string): string {
  return address
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join('');
}

function hex16(value: number): string {
  return value.toString(16).padStart(4, '0');
}

/** RFC 791: the complement of the sum of all 16-bit words. */
function ipChecksum(header: string): string {
  const words = header.match(/.{4}/g) ?? [];
  const sum = words.reduce((total, word) => total + Number.parseInt(word, 16), 0);
  return hex16(~((sum & 0xffff) + (sum >>> 16)) & 0xffff);
}
