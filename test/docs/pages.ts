import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

export interface Page {
  /** Its path from the root of the repository. */
  readonly name: string;
  readonly text: string;
}

export interface Fence {
  readonly page: string;
  /** Where its first line stands, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export function page(name: string): Page {
  return { name, text: readFileSync(path.join(root, name), 'utf8') };
}

/** README.md and everything in docs/. */
export const PAGES: readonly Page[] = [
  'README.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map(page);

/** The fenced blocks of a language. */
export function fences(language: string, pages: readonly Page[] = PAGES): Fence[] {
  return pages.flatMap(({ name, text }) =>
    [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
      .filter(([, found]) => found === language)
      .map((match) => ({
        page: name,
        line: text.slice(0, match.index).split('\n').length + 1,
        language,
        text: match[2] ?? '',
      })),
  );
}

/** The one fence of a language on a page. */
export function onlyFence(language: string, name: string): string {
  const [fence, ...more] = fences(language, [page(name)]);
  if (fence === undefined || more.length > 0) throw new Error(`not one ${language} fence in ${name}`);
  return fence.text;
}
