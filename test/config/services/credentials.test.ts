import { userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { findGroup, findUser } from '../../../src/config/services/accounts.ts';
import { readCredentials, type Identity } from '../../../src/config/services/credentials.ts';
import type { Finding } from '../../../src/config/read/source.ts';
import { collectInto } from '../../../src/config/values/values.ts';

const ROOT: Identity = { uid: 0, gid: 0 };
const self = userInfo();

function read(user: string | undefined, group: string | undefined, identity: Identity) {
  const errors: Finding[] = [];
  const context = collectInto(errors, '/', () => null);
  const credentials = readCredentials(user, group, (key) => `/services/api/${key}`, context, identity);
  return { credentials, errors: errors.map(({ pointer, message }) => `${pointer} ${message}`) };
}

describe('accounts of this machine', () => {
  test('are found by name and by id', () => {
    expect(findUser('root')).toEqual({
      uid: 0,
      gid: 0,
      env: { USER: 'root', LOGNAME: 'root', HOME: '/root' },
    });
    expect(findUser('0')).toEqual(findUser('root'));
    expect(findUser(self.username)).toMatchObject({ uid: self.uid, env: { HOME: self.homedir } });
    expect(findGroup('0')).toBe(0);
  });

  test('an id needs no entry, a name does', () => {
    expect(findUser('3999999999')).toEqual({
      uid: 3_999_999_999,
      gid: null,
      env: { USER: '3999999999', LOGNAME: '3999999999', HOME: '/' },
    });
    expect(findGroup('3999999999')).toBe(3_999_999_999);
    expect(findUser('no-such-user')).toBeNull();
    expect(findGroup('no-such-group')).toBeNull();
    expect(findUser('')).toBeNull();
    expect(findUser('--help')).toBeNull();
  });
});

describe('readCredentials', () => {
  test('takes the group of the user where none is given', () => {
    expect(read('root', undefined, ROOT)).toEqual({
      credentials: { uid: 0, gid: 0, known: true, env: { USER: 'root', LOGNAME: 'root', HOME: '/root' } },
      errors: [],
    });
  });

  test('takes ids as they are', () => {
    expect(read('3999999999', '3999999998', ROOT)).toEqual({
      credentials: {
        uid: 3_999_999_999,
        gid: 3_999_999_998,
        known: false,
        env: { USER: '3999999999', LOGNAME: '3999999999', HOME: '/' },
      },
      errors: [],
    });
    expect(read(undefined, '3999999998', ROOT).credentials).toEqual({
      uid: null,
      gid: 3_999_999_998,
      known: false,
      env: {},
    });
  });

  test('wants a group beside an id whose group is not known', () => {
    expect(read('3999999999', undefined, ROOT).errors).toEqual([
      '/services/api/user user 3999999999 has no entry on this machine, so its group is not known',
    ]);
  });

  test('lets nobody but root become somebody else', () => {
    const nobody: Identity = { uid: 65_534, gid: 65_534 };
    expect(read('root', undefined, nobody).errors).toEqual([
      '/services/api/user only root can start a service as another user',
    ]);
    expect(read(undefined, '0', nobody).errors).toEqual([
      '/services/api/group only root can start a service as another group',
    ]);
    expect(read('65534', '65534', nobody).errors).toEqual([]);
  });
});
