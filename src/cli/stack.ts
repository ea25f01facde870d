/** Where in the TypeScript an error was thrown: the program that runs is bundled and minified (scripts/build.ts). */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import path from 'node:path';

/** The folder of the bundles. Not in tests, which run the TypeScript itself. */
const BUNDLES = import.meta.dirname;
const POSITION = new RegExp(`${BUNDLES.replace(/[^\w/]/g, '\\$&')}/([\\w-]+\\.cjs):(\\d+):(\\d+)`, 'g');

/**
 * The stack with lines of the sources, `src/manager/runner.ts:12`, in place of positions in bundles, as far as there
 * are source maps. They are read here and not at the start, where they would cost time and memory (`--enable-source-maps`).
 */
export function stackOf(error: Error): string {
  const maps = new Map<string, SourceMap | null>();
  return (error.stack ?? String(error)).replace(
    POSITION,
    (place, bundle: string, line: string, column: string) => {
      if (!maps.has(bundle)) maps.set(bundle, mapOf(bundle));
      // Without a source in a dependency, which the types do not say.
      const found: Partial<SourceMapping> =
        maps.get(bundle)?.findEntry(Number(line) - 1, Number(column) - 1) ?? {};
      const { originalSource, originalLine } = found;
      if (originalSource === undefined || originalLine === undefined) return place;
      return `${path.join('dist', originalSource)}:${originalLine + 1}`;
    },
  );
}

/** The message with the first line of our own sources in the stack: `no such id (src/manager/runner.ts:12)`. */
export function messageWithPlace(error: Error): string {
  const [, place] = /^ +at .*?\b(src\/[\w/-]+\.ts:\d+)/m.exec(stackOf(error)) ?? [];
  return place === undefined ? error.message : `${error.message} (${place})`;
}

function mapOf(bundle: string): SourceMap | null {
  try {
    return new SourceMap(
      JSON.parse(readFileSync(path.join(BUNDLES, `${bundle}.map`), 'utf8')) as SourceMapPayload,
    );
  } catch {
    return null;
  }
}
