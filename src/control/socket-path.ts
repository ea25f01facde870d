import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder } from '../util/make-folder.ts';
import { LONGEST_SOCKET_PATH } from '../util/longest-socket-path.ts';
import { fingerprint } from '../util/fingerprint.ts';
import { describeHand, foreignHand, ownUsers } from '../util/path-owners.ts';

/**
 * Where the control socket of a configuration is unless `control.socket` says otherwise: a file named after the
 * configuration's path, in `/run/alternate` (root), `$XDG_RUNTIME_DIR/alternate`, or a folder of the user's own in the
 * temporary folder.
 * @param configPath absolute, as it was named: a link in it that is re-pointed at a new release still leads here
 */
export function defaultSocketPath(configPath: string): string {
  return path.join(runtimeFolder(), `${fingerprint(configPath)}.sock`);
}

function runtimeFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const runtime = process.env['XDG_RUNTIME_DIR'];
  if (uid === 0) return '/run/alternate';
  if (runtime !== undefined && path.isAbsolute(runtime)) return path.join(runtime, 'alternate');
  return path.join(tmpdir(), `alternate-${uid}`);
}

/**
 * Makes the socket's folder, for the user alone where it has to be made.
 * @returns why it cannot be used; null when it can. The default folder must be nobody else's: whoever owns it could
 * put a socket of his own there.
 */
export function prepareSocketFolder(socketPath: string): string | null {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > LONGEST_SOCKET_PATH)
    return `${socketPath} is too long for a socket: ${bytes} bytes, at most ${LONGEST_SOCKET_PATH}`;
  const problem = prepareFolder(path.dirname(socketPath));
  return problem === null ? null : `the control socket has no place: ${problem}`;
}

/**
 * The same for anything else of the manager's own that lies in this folder. Root uses no folder that another user could
 * replace by a link: it would remove and make files where that leads. The folder itself may be that user's.
 */
export function prepareFolder(folder: string): string | null {
  try {
    const hand = process.getuid?.() === 0 ? foreignHand(folder, ownUsers(), 'way') : null;
    if (hand !== null)
      return `${folder} could be replaced by another user: ${describeHand(hand)}; name a place in folders of root`;
    makeFolder(folder, 0o700);
    const stat = lstatSync(folder);
    if (folder !== runtimeFolder()) return null;
    if (!stat.isDirectory()) return `${folder} is not a folder`;
    if (stat.uid !== process.getuid?.()) return `${folder} belongs to another user`;
    return null;
  } catch (error) {
    return `${folder} cannot be made: ${(error as Error).message}`;
  }
}
