import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { starterConfig } from '../../config/starter.ts';
import { printMessage } from '../../report/console.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';

/** `alternate init`: a commented starter file. One that exists is never overwritten. */
// eslint-disable-next-line @typescript-eslint/require-await -- a command like the others
export async function init(options: GlobalOptions): Promise<ExitCode> {
  const file = options.config ?? 'alternate.config.yaml';
  try {
    writeFileSync(file, starterConfig(schemaPath()), { flag: 'wx' });
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    printMessage(
      `alternate: ${exists ? `${file} exists already; it is left as it is` : (error as Error).message}`,
    );
    return EXIT.failed;
  }
  printMessage(`wrote ${file}; adapt it, then: alternate validate && alternate`);
  return EXIT.done;
}

/** Where an editor finds the schema: in the project's own modules, or in this installation. */
function schemaPath(): string {
  const local = './node_modules/alternate/schema/alternate.schema.json';
  return existsSync(local)
    ? local
    : fileURLToPath(new URL('../schema/alternate.schema.json', import.meta.url));
}
