import { isIPv4 } from 'node:net';

/** Whether a URL's host can only be this machine, where plain HTTP has no wire to be read from. */
export function isLoopback({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname === '[::1]') return true;
  return isIPv4(hostname) && hostname.startsWith('127.');
}
