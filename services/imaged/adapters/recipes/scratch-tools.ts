type Scratch = AsyncDisposable & { readonly folder: string };

/** Where recipes are followed; what a crash leaves there is removed at the next start. */
export type ScratchTools = {
  begin(): Promise<Scratch>;
  /** In its user namespace mmdebstrap is another uid on the host, which must be able to pass through. */
  beginOutside(): Promise<Scratch>;
};
