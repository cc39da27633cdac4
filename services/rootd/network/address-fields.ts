import { type Ipv4, isIpv4, isPrivate, type Mac } from '#kit/ipv4.ts';
import { invalidField } from '../host/fields.ts';

/** Private ones only, because nobody else's traffic can be for them. */
export function parsePrivateIpv4(field: string, text: string): Ipv4 {
  if (isIpv4(text) && isPrivate(text)) return text;
  throw invalidField(field, text, 'an IPv4 address of 10/8, 172.16/12 or 192.168/16');
}

/** Locally administered and of one station: no maker's address, and no group's. */
export function parseMac(field: string, text: string): Mac {
  if (/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/.test(text)) return text as Mac;
  throw invalidField(field, text, 'a locally administered MAC address such as 02:00:ac:1e:00:02');
}
