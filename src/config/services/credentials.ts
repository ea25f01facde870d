import { findGroup, findUser } from './accounts.ts';
import type { Pointer } from '../read/pointer.ts';
import type { Credentials } from '../types.ts';
import type { Context } from '../values/values.ts';

/** Who runs the manager. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export const NO_CREDENTIALS: Credentials = { uid: null, gid: null, known: false, env: {} };

export function ownIdentity(): Identity {
  return { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
}

/**
 * Looks up the ids for a user and a group, each a name or an id, `undefined` where not given. Only root can become
 * another user, so anything else than one's own is a mistake for anyone else.
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
    context.say(at('user'), `there is no user ${JSON.stringify(user)} on this machine`);
  }
  if (group !== undefined && gid === null) {
    context.say(at('group'), `there is no group ${JSON.stringify(group)} on this machine`);
  }
  if (account !== null && account.gid === null && group === undefined) {
    context.say(
      at('user'),
      `user ${account.uid} has no entry, so its group is not known`,
      'give group as well',
    );
  }
  const credentials = {
    uid: account?.uid ?? null,
    gid: gid ?? account?.gid ?? null,
    known: account !== null && account.gid !== null,
    env: account?.env ?? {},
  };
  if (self.uid === 0) return credentials;
  const hint = 'start the manager as root, or leave this key out';
  if (account !== null && account.uid !== self.uid) {
    context.say(at('user'), 'only root can start a service as another user', hint);
  } else if (gid !== null && gid !== self.gid) {
    context.say(at('group'), 'only root can start a service as another group', hint);
  }
  return credentials;
}
