/** `alternate init`. */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { starterConfig } from '../../config/starter.ts';
import { printMessage } from '../../report/console.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** Writes a commented starter file. An existing file is never overwritten. */
// eslint-disable-next-line @typescript-eslint/require-await -- a command like the others
export async function init(options: GlobalOptions): Promise<ExitCode> {
  const file = options.config ?? 'alternate.config.yaml';
  try {
    writeFileSync(file, starterConfig(schemaPath()), { flag: 'wx' });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    printMessage(
      `alternate: ${exists ? `${file} already exists and is not overwritten` : (error as Error).message}`,
    );
    return EXIT.failed;
  }
  printMessage(`wrote ${file}. Edit it, then run: alternate validate && alternate`);
  return EXIT.done;
}

/** The schema's path for editors: in `node_modules` of the project, or in this installation. */
function schemaPath(): string {
  const local = './node_modules/alternate/schema/alternate.schema.json';
  return existsSync(local)
    ? local
    : fileURLToPath(new URL('../schema/alternate.schema.json', import.meta.url));
}
