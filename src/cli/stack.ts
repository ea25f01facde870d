/**
 * Finds the line of the TypeScript that threw an error. The program that runs is bundled and minified
 * (scripts/build.ts).
 */
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module';
import path from 'node:path';

/** The folder of the bundles. Tests run the TypeScript itself, so there it is the folder of this file. */
const BUNDLES = import.meta.dirname;
const POSITION = new RegExp(`${BUNDLES.replace(/[^\w/]/g, '\\$&')}/([\\w-]+\\.cjs):(\\d+):(\\d+)`, 'g');

/**
 * The stack with lines of the sources, such as `src/manager/runner.ts:12`, instead of positions in bundles. Without a
 * source map, a position stays. The maps are read only here: at the start (`--enable-source-maps`) they would cost time
 * and memory.
 */
export function stackOf(error: Error): string {
  const maps = new Map<string, SourceMap | null>();
  return (error.stack ?? String(error)).replace(
    POSITION,
    (place, bundle: string, line: string, column: string) => {
      if (!maps.has(bundle)) maps.set(bundle, mapOf(bundle));
      // A position in a dependency has no source. The types do not show that.
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
