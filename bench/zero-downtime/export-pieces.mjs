import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** What is proven is what `alternate export` prints: each of a proxy's pieces in a file, by the piece's name. */
export function exportPieces({ folder, pieces, bin, config }) {
  return Object.fromEntries(
    Object.entries(pieces).map(([name, words]) => {
      const file = path.join(folder, `piece-${name}.conf`);
      writeFileSync(file, execFileSync(bin, ['--config', config, 'export', ...words]));
      return [name, file];
    }),
  );
}
