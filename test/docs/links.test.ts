import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PAGES, root } from './pages.ts';

test.each(PAGES.map(({ name, text }) => [name, text] as const))(
  '%s: every link leads somewhere',
  (name, text) => {
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const broken = targets
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [file = '', anchor] = target.split('#');
        const place = path.resolve(root, path.dirname(name), file);
        if (file !== '') return !existsSync(place);
        return !anchors(text).includes(anchor ?? '');
      });
    expect(broken).toEqual([]);
  },
);

/** As GitHub makes them of headings. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
