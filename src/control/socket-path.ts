/** The place of the control socket, and the checks of its folder. */
import { lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeFolder } from '../util/make-folder.ts';
import { LONGEST_SOCKET_PATH } from '../util/longest-socket-path.ts';
import { fingerprint } from '../util/fingerprint.ts';
import { describeAccess, findForeignAccess, ownUsers } from '../util/path-owners.ts';
import { DONE, failure, type Result } from '../util/result.ts';

/**
 * The default path of the control socket: a file named after the configuration's path, in `/run/alternate` (root),
 * `$XDG_RUNTIME_DIR/alternate`, or a folder for this user in the temporary folder.
 * @param configPath the absolute path as it was named, with its links: it stays the same if a link is re-pointed to a
 * new release
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
 * Checks the socket's path and folder. Creates a missing folder with permissions only for this user. The default folder
 * must belong to this user: its owner could put another socket there.
 */
export function prepareSocketFolder(socketPath: string): Result<void> {
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > LONGEST_SOCKET_PATH)
    return failure(
      `the path of the control socket is too long: ${socketPath} has ${bytes} bytes, at most ${LONGEST_SOCKET_PATH} are possible. Set control.socket`,
    );
  const prepared = prepareFolder(path.dirname(socketPath));
  return prepared.ok ? prepared : failure(`the control socket cannot be created: ${prepared.reason}`);
}

/**
 * Checks and creates a folder for files of the manager. Root refuses a folder that another user could replace by a
 * symbolic link, because root would create and remove files where the link leads. The folder itself may belong to that
 * user.
 */
export function prepareFolder(folder: string): Result<void> {
  try {
    const access = process.getuid?.() === 0 ? findForeignAccess(folder, ownUsers(), 'way') : null;
    if (access !== null)
      return failure(
        `${folder} could be replaced by another user: ${describeAccess(access)}. Name a path whose folders belong to root`,
      );
    makeFolder(folder, 0o700);
    const stat = lstatSync(folder);
    if (folder !== runtimeFolder()) return DONE;
    if (!stat.isDirectory()) return failure(`${folder} is not a folder`);
    if (stat.uid !== process.getuid?.()) return failure(`${folder} belongs to another user`);
    return DONE;
  } catch (error) {
    return failure(`${folder} cannot be created: ${(error as Error).message}`);
  }
}
