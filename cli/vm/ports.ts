import { PortProtocol, type PublishedPort } from '#proto/banger/v1/vm.ts';
import { lowerName } from '../output/enum.ts';

/** "127.0.0.1:8080", with brackets around an address of version 6. */
export function hostEnd({ hostAddress, hostPort }: PublishedPort): string {
  return `${hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress}:${hostPort}`;
}

/** As --publish takes it, so that what is printed can be given back. */
export function formatPort(port: PublishedPort): string {
  const udp = port.protocol === PortProtocol.UDP ? '/udp' : '';
  return `${hostEnd(port)}:${port.guestPort}${udp}`;
}

export function portToJson(port: PublishedPort) {
  return { ...port, protocol: lowerName(port.protocol, 'PORT_PROTOCOL_') };
}
