/** Reads `user` and `group`. */
import { findGroup, findUser } from './accounts.ts';
import type { Pointer } from '../read/pointer.ts';
import type { Credentials } from '../types.ts';
import type { Context } from '../values/values.ts';

/** The user and group of the manager. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export const NO_CREDENTIALS: Credentials = { uid: null, gid: null, known: false, env: {} };

export function ownIdentity(): Identity {
  return { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
}

/**
 * Looks up the ids of a user and a group. Each is a name or an id, or `undefined` if it is not given. Only root can
 * become another user, so for other users every id except their own is an error.
 */
export function readCredentials(
  user: string | undefined,
  group: string | undefined,
  at: (key: string) => Pointer,
  context: Context,
  self: Identity = ownIdentity(),
): Credentials {
  const account = user === undefined ? null : findUser(user);
  const gid = group === undefined ? null : findGroup(group);
  if (user !== undefined && account === null) {
    context.error(at('user'), `there is no user ${JSON.stringify(user)} on this machine`);
  }
  if (group !== undefined && gid === null) {
    context.error(at('group'), `there is no group ${JSON.stringify(group)} on this machine`);
  }
  if (account !== null && account.gid === null && group === undefined) {
    context.error(
      at('user'),
      `user ${account.uid} has no entry on this machine, so its group is not known`,
      'add group',
    );
  }
  const credentials = {
    uid: account?.uid ?? null,
    gid: gid ?? account?.gid ?? null,
    known: account !== null && account.gid !== null,
    env: account?.env ?? {},
  };
  if (self.uid === 0) return credentials;
  const hint = 'start the manager as root, or remove this key';
  if (account !== null && account.uid !== self.uid) {
    context.error(at('user'), 'only root can start a service as another user', hint);
  } else if (gid !== null && gid !== self.gid) {
    context.error(at('group'), 'only root can start a service as another group', hint);
  }
  return credentials;
}
