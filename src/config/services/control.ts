/** Reads `control`: the path and the mode of the control socket. */
import { resolve } from 'node:path';
import { LONGEST_SOCKET_PATH } from '../../util/longest-socket-path.ts';
import type { RawControl } from '../schema/generated/raw.ts';
import type { Config } from '../types.ts';
import type { Context } from '../values/values.ts';

const DEFAULT_MODE = 0o600;
const OWNER_READS_AND_WRITES = 0o600;

export function readControl(raw: RawControl | undefined, context: Context): Config['control'] {
  if (raw?.socket === false) return null;
  const path = raw?.socket === undefined ? null : resolve(context.baseDir, raw.socket);
  const length = Buffer.byteLength(path ?? '');
  if (length > LONGEST_SOCKET_PATH) {
    const message = `the path of a socket has at most ${LONGEST_SOCKET_PATH} bytes, but this one has ${length}`;
    context.error('/control/socket', message, `the absolute path is ${path ?? ''}`);
  }
  return { path, mode: readMode(raw?.mode, context) };
}

function readMode(raw: string | undefined, context: Context): number {
  if (raw === undefined) return DEFAULT_MODE;
  if (!/^0?[0-7]{3}$/.test(raw)) {
    context.error(
      '/control/mode',
      `${JSON.stringify(raw)} is not a mode`,
      'write octal digits in quotes, as in "0600"',
    );
    return DEFAULT_MODE;
  }
  const mode = Number.parseInt(raw, 8);
  if ((mode & OWNER_READS_AND_WRITES) !== OWNER_READS_AND_WRITES) {
    context.error(
      '/control/mode',
      'the owner must be able to read and write the socket',
      'for instance "0600"',
    );
  }
  return mode;
}
