import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** The words after `alternate export` for each of a proxy's pieces, by the piece's name. */
export type Pieces = Readonly<Record<string, readonly string[]>>;

/** The file of a piece; throws where there is no such piece. */
export type PieceFile = (name: string) => string;

interface Wanted {
  readonly folder: string;
  readonly pieces: Pieces;
  readonly bin: string;
  readonly config: string;
}

/** What is proven is what `alternate export` prints: each of a proxy's pieces in a file, by the piece's name. */
export function exportPieces({ folder, pieces, bin, config }: Wanted): PieceFile {
  const files = new Map<string, string>();
  for (const [name, words] of Object.entries(pieces)) {
    const file = path.join(folder, `piece-${name}.conf`);
    writeFileSync(file, execFileSync(bin, ['--config', config, 'export', ...words]));
    files.set(name, file);
  }
  return (name) => {
    const file = files.get(name);
    if (file === undefined) throw new Error(`no piece is called ${name}`);
    return file;
  };
}
