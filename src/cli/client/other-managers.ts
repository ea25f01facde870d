/** Looks for a manager of the same configuration that another user runs, at the default place of that user. */
import { lstatSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findUser } from '../../config/services/accounts.ts';
import { accepts } from '../../control/client.ts';

/** The default folder of a user's control socket; control/socket-path.ts. */
interface Place {
  readonly uid: number;
  readonly folder: string;
}

/**
 * What to print for a user without a manager at the default place. Null if no other manager is known.
 * @param fileName the socket's name, which is the same for every user
 * @param configOwner the uid of the configuration's owner
 */
export async function otherManager(
  fileName: string,
  configOwner: number,
  places: readonly Place[] = placesOfOthers(),
): Promise<string | null> {
  const hidden: Place[] = [];
  for (const place of places) {
    const socket = path.join(place.folder, fileName);
    const owner = ownerOf(socket);
    if (owner === 'hidden' && [0, configOwner].includes(place.uid)) hidden.push(place);
    // A socket with another owner than its folder is not from a manager.
    else if (owner === place.uid && (await accepts(socket)))
      return `user ${nameOf(place.uid)} runs the manager of this configuration. To reach it, use --socket ${socket}`;
  }
  const names = [...new Set(hidden.map(({ uid }) => nameOf(uid)))];
  if (names.length === 0) return null;
  return `you run no manager of this configuration. ${names.join(' or ')} may run one, but you have no permission to check that. To start a manager: alternate --config FILE`;
}

/** The places of other users whose folder exists. */
function placesOfOthers(): readonly Place[] {
  const own = process.getuid?.() ?? 0;
  const temporary = [...new Set([tmpdir(), '/tmp'])];
  const places = [
    { uid: 0, folder: '/run/alternate' },
    ...namesIn('/run/user').map((uid) => ({ uid: Number(uid), folder: `/run/user/${uid}/alternate` })),
    ...temporary.flatMap((folder) =>
      namesIn(folder)
        .filter((name) => /^alternate-\d+$/.test(name))
        .map((name) => ({ uid: Number(name.slice('alternate-'.length)), folder: path.join(folder, name) })),
    ),
  ];
  return places.filter(({ uid, folder }) => uid !== own && ownerOf(folder) === uid);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The owner's uid. Null if the file does not exist, `hidden` if this user has no permission to check. */
function ownerOf(file: string): number | 'hidden' | null {
  try {
    return lstatSync(file).uid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'hidden' : null;
  }
}

function nameOf(uid: number): string {
  return findUser(String(uid))?.env['USER'] ?? String(uid);
}
