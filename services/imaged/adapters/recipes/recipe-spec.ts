/** What a recipe says: how to make a root file system from a distribution's packages. */
export type RecipeSpec = {
  name: string;
  description: string;
  base: RecipeBase;
  packages: readonly string[];
  /** Written into the finished tree, over what the packages put there. */
  files: readonly RecipeFile[];
  /** Run by a shell inside the finished tree, as its root. */
  commands: readonly string[];
};

/** A release of the distribution, or nothing but a static busybox and its names. */
export type RecipeBase = { kind: 'debian'; release: string } | { kind: 'busybox' };

export type RecipeFile = { path: string; content: string; mode: number };
