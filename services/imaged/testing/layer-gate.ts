import type { ServerResponse } from 'node:http';
import { until } from '#kit/testing/until.ts';
import { digestOf } from '../domain/digest.ts';
import type { ImageFixture } from './image-fixture.ts';
import type { ScriptedRegistry } from './scripted-registry.ts';

/** Holds back a registry's layers until it is opened, and counts who asked for them. */
export type LayerGate = {
  readonly asked: number;
  /** Waits until so many layers have been asked for. */
  reached(layers: number): Promise<void>;
  open(): void;
};

export function closeLayers(
  registry: ScriptedRegistry,
  images: readonly ImageFixture[],
): LayerGate {
  const layers = new Map(
    images.flatMap((image) => image.layers.map((layer) => [digestOf(layer), layer] as const)),
  );
  const waiting: { response: ServerResponse; layer: Buffer }[] = [];
  let asked = 0;
  let isOpen = false;
  const answer = ({ response, layer }: (typeof waiting)[number]) => {
    response.writeHead(200, { 'content-length': layer.length });
    response.end(layer);
  };
  registry.script = ({ url = '' }, response) => {
    const found = [...layers].find(([digest]) => url.endsWith(digest));
    if (found === undefined) return false;
    asked += 1;
    const held = { response, layer: found[1] };
    if (isOpen) answer(held);
    else waiting.push(held);
    return true;
  };
  return {
    get asked() {
      return asked;
    },
    reached: (count) => until(() => asked >= count),
    open() {
      isOpen = true;
      for (const held of waiting.splice(0)) answer(held);
    },
  };
}
