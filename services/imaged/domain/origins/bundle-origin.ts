import { runStage } from '#kit/stages.ts';
import type { CatalogueEntry } from '../catalogue.ts';
import type { Origin } from '../make-image.ts';
import type { Imaged, SpooledFile } from '../ports.ts';

/** A bundle that is here already, its hash known. */
export function bundleOrigin(imaged: Imaged, bundle: SpooledFile): Origin {
  return {
    digest: bundle.digest,
    write: (call, path, report) =>
      runStage(report, 'disk', async (tell) => {
        const { disk, config } = await imaged.bundles.unpack(call, bundle, path, tell);
        return { ...disk, config };
      }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** A catalogue says what its bundle hashes to, so one that is here already is not downloaded again. */
export function catalogueOrigin(imaged: Imaged, entry: CatalogueEntry, folder: string): Origin {
  return {
    digest: entry.digest,
    async write(call, path, report) {
      const bundle = await runStage(report, 'download', (tell) =>
        imaged.catalogues.download(call, entry, folder, tell),
      );
      return bundleOrigin(imaged, bundle).write(call, path, report);
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
