import { locate } from '../../domain/corrupt.ts';
import type { ContentWriter, FileTree } from '../../domain/file-tree.ts';
import { printableText } from '../../domain/printable-name.ts';
import { LayerMerger } from './layer-merger.ts';
import type { LayerSource } from './layer-source.ts';
import { LayerTree } from './layer-tree.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { LayerStream } from './stream/layer-stream.ts';
import { ByteReader, type ByteSource } from './tar/byte-reader.ts';
import { readTar } from './tar/read-tar.ts';

export type MergeOptions = {
  readonly limits?: Partial<Limits>;
  readonly signal?: AbortSignal;
  /** Called once a chunk, so about once per MiB. */
  readonly report?: (progress: MergeProgress) => void;
};

export type MergeProgress = {
  /** Counted from 0. */
  readonly layer: number;
  readonly layers: number;
  /** Stored bytes read so far, of all layers. */
  readonly bytesRead: number;
  readonly entries: number;
};

/**
 * Merges an image's layers, lowest first, into one tree. Contents go to `contents` while they stream
 * by, in the archives' order, so the same layers give the same tree and the same sequence of calls;
 * only the order in a folder's `children` carries no meaning. A chunk that is appended is good until
 * `append` returns, or until its promise is fulfilled: after that its memory is freed. When merging
 * rejects, the last file may be open still and the writer is of no more use.
 */
export async function mergeLayers(
  layers: readonly LayerSource[],
  contents: ContentWriter,
  options: MergeOptions = {},
): Promise<FileTree> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const totals = { compressedBytes: 0, expandedBytes: 0 };
  const tree = new LayerTree(contents, limits);
  const merger = new LayerMerger(tree, contents, limits);
  using opened = new DisposableStack();
  const streams = layers.map((source) =>
    opened.use(new LayerStream(source, { limits, totals }, options.signal)),
  );
  for (const [layer, stream] of streams.entries()) {
    stream.start();
    // The next one decompresses while this one is merged.
    streams[layer + 1]?.start();
    tree.beginLayer();
    const report = () => {
      const bytesRead = totals.compressedBytes;
      options.report?.({ layer, layers: layers.length, bytesRead, entries: tree.entries });
    };
    try {
      await mergeLayer(stream, merger, limits, report);
    } catch (error) {
      throw locateLayer(error, layers, layer);
    }
  }
  return { root: tree.root };
}

async function mergeLayer(
  stream: LayerStream,
  merger: LayerMerger,
  limits: Limits,
  report: () => void,
): Promise<void> {
  const input: ByteSource = {
    async read() {
      const chunk = await stream.read();
      report();
      return chunk;
    },
  };
  const end = await readTar(new ByteReader(input), merger, limits);
  stream.verify(end.marked);
}

function locateLayer(error: unknown, layers: readonly LayerSource[], layer: number): unknown {
  const { digest, diffId } = layers[layer] as LayerSource;
  const name = printableText(digest ?? diffId ?? '');
  const place = `layer ${layer + 1} of ${layers.length}`;
  if (name === '') return locate(error, place, { layer: `${layer}` });
  return locate(error, `${place} (${name})`, { layer: `${layer}`, digest: name });
}
