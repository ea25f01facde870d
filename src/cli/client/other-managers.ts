/** Looks for a manager of the same configuration that another user runs, at that user's default place. */
import { lstatSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findUser } from '../../config/services/accounts.ts';
import { accepts } from '../../control/client.ts';

/** Where users without a `control.socket` have theirs; control/socket-path.ts. */
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
    // A socket that the place's user did not make is nobody's manager.
    else if (owner === place.uid && (await accepts(socket)))
      return `user ${nameOf(place.uid)} runs the manager of this configuration; to reach it: --socket ${socket}`;
  }
  const names = [...new Set(hidden.map(({ uid }) => nameOf(uid)))];
  if (names.length === 0) return null;
  return `you run no manager of this configuration, and may not see whether ${names.join(' or ')} runs one; to start it: alternate --config FILE`;
}

/** Of users who have had a manager: their folders are there. */
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

/** The uid; null for what is not there, `hidden` for what this user may not look at. */
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
