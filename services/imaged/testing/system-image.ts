import { hostPlatform } from '../domain/platform.ts';
import { type ImageFixture, makeImage } from './image-fixture.ts';
import { seededBytes } from './seeded-random.ts';
import { makeTar, type TarMember } from './tar-bytes.ts';

export type SystemOptions = {
  /** Other seeds are other images. */
  readonly seed?: number;
  readonly dataBytes?: number;
};

/** The files of a small system with an init behind a link, a home, and data that does not compress. */
export function systemMembers({ seed = 1, dataBytes = 300_000 }: SystemOptions = {}): TarMember[] {
  return [
    { name: 'usr/', type: '5', mode: 0o755 },
    { name: 'usr/lib/', type: '5', mode: 0o755 },
    { name: 'usr/lib/tool', content: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
    { name: 'sbin', type: '2', link: 'usr/sbin' },
    { name: 'usr/sbin/', type: '5', mode: 0o755 },
    { name: 'usr/sbin/init', type: '2', link: '/lib/tool' },
    { name: 'lib', type: '2', link: 'usr/lib' },
    { name: 'root/', type: '5', mode: 0o750 },
    { name: 'root/.profile', content: Buffer.from(`seed=${seed}\n`) },
    { name: 'data', content: seededBytes(dataBytes, seed) },
  ];
}

/** The same as an image of two layers, for this host's processor. */
export function makeSystemImage(options: SystemOptions = {}): ImageFixture {
  const members = systemMembers(options);
  return makeImage({
    layers: [makeTar(members.slice(0, -1)), makeTar(members.slice(-1))],
    architecture: hostPlatform(process.arch).architecture,
  });
}
