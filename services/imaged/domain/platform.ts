import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';

/** What an image was made for, in the words of the OCI image index. */
export type Platform = {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
};

const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ['x64', 'amd64'],
  ['arm64', 'arm64'],
]);

/** The platform of guests on this host, from Node's name of its processor (`process.arch`). */
export function hostPlatform(nodeArchitecture: string): Platform {
  const architecture = ARCHITECTURES.get(nodeArchitecture);
  if (architecture === undefined) {
    throw new BangerError(
      'HOST_NOT_READY',
      `processor "${printableName(nodeArchitecture)}" is not supported; banger runs on x64 and arm64`,
    );
  }
  return { os: 'linux', architecture, variant: undefined };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? '' : `/${variant}`}`;
}

/**
 * The candidate that runs on the wanted platform. A candidate without a platform is taken only when
 * it is alone: the image's own config still has to agree later.
 */
export function choosePlatform<T extends { readonly platform: Platform | undefined }>(
  candidates: readonly T[],
  wanted: Platform,
  image: string,
): T {
  const fitting = candidates.filter(({ platform }) => platform && runsOn(platform, wanted));
  const [best] = fitting.toSorted((a, b) => preference(a, wanted) - preference(b, wanted));
  if (best !== undefined) return best;
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1 && only.platform === undefined) return only;
  throw wrongPlatform(
    image,
    wanted,
    candidates.map((candidate) => candidate.platform),
  );
}

export function wrongPlatform(
  image: string,
  wanted: Platform,
  offered: readonly (Platform | undefined)[],
): BangerError {
  const known = offered.filter((platform) => platform !== undefined && platform.os !== 'unknown');
  const names = [...new Set(known.map((platform) => platform && formatPlatform(platform)))];
  const offer = names.length === 0 ? 'no platform at all' : names.slice(0, 12).join(', ');
  return new BangerError(
    'FEATURE_UNSUPPORTED',
    `image "${printableName(image)}" is not made for ${formatPlatform(wanted)} but for ${offer}; choose another image or tag`,
    { metadata: { platform: formatPlatform(wanted) } },
  );
}

/** Variants of amd64 above v1 need processors we have not asked about; every arm64 host runs v8. */
const BASELINES: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
]);

export function runsOn(platform: Platform, wanted: Platform): boolean {
  if (platform.os !== wanted.os || platform.architecture !== wanted.architecture) return false;
  const { variant } = platform;
  return (
    variant === undefined || variant === (wanted.variant ?? BASELINES.get(wanted.architecture))
  );
}

function preference(candidate: { platform: Platform | undefined }, wanted: Platform): number {
  return candidate.platform?.variant === wanted.variant ? 0 : 1;
}
