import type { Call } from '#kit/call.ts';
import type { ImageName } from '#kit/names.ts';
import type { Tell } from '#kit/stages.ts';
import type { Digest } from './digest.ts';
import type { Reference } from './reference.ts';
import type { ImageConfig } from './source-image.ts';

/** How to make an image from packages. */
export type Recipe = {
  readonly name: ImageName;
  readonly description: string;
  /** Of all that the recipe says; two builds of one recipe may still differ by the packages of their day. */
  readonly digest: Digest;
  /** What comes instead where this host cannot follow the recipe, and why. */
  readonly substitute?: { readonly reference: Reference; readonly why: string };
};

export type RecipeBuild = {
  readonly config: ImageConfig;
  /** Root file system as a tar, made while it is read; fails where the bootstrap does. */
  readonly rootfs: AsyncIterable<Buffer>;
};

export type Recipes = {
  /** Those that banger ships. */
  list(): readonly Recipe[];
  find(word: string): Recipe | undefined;
  /** A caller's own, as TOML. Fails with INVALID_FIELD. */
  parse(text: string): Recipe;
  /** Fails with HOST_NOT_READY where the bootstrap tool is missing. */
  build(call: Call, recipe: Recipe, tell: Tell): Promise<RecipeBuild>;
};
