import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { defaultSocketPath, prepareSocketFolder } from '../../src/control/socket-path.ts';
import { LONGEST_SOCKET_PATH } from '../../src/util/longest-socket-path.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { failureOf } from '../support/failure-of.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

function folder(): string {
  const made = temporaryFolder();
  onTestFinished(() => {
    made.remove();
  });
  return made.path;
}

const as = (uid: number): void => {
  vi.spyOn(process, 'getuid').mockReturnValue(uid);
};

describe('where the socket of a configuration is', () => {
  test('root: /run/alternate', () => {
    as(0);
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/0');
    expect(defaultSocketPath('/srv/alternate.config.yaml')).toMatch(/^\/run\/alternate\/[0-9a-f]+\.sock$/);
  });

  test("a user's own runtime folder", () => {
    as(1000);
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
    expect(path.dirname(defaultSocketPath('/a'))).toBe('/run/user/1000/alternate');
  });

  test.each(['', 'relative/folder'])('without one (XDG_RUNTIME_DIR=%j), a folder of its own', (runtime) => {
    as(1000);
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    expect(path.dirname(defaultSocketPath('/a'))).toBe(path.join(tmpdir(), 'alternate-1000'));
  });

  test('one for each configuration, always the same', () => {
    expect(defaultSocketPath('/a')).toBe(defaultSocketPath('/a'));
    expect(defaultSocketPath('/a')).not.toBe(defaultSocketPath('/b'));
  });
});

describe("the socket's folder", () => {
  test('is made, for its owner alone', () => {
    const made = path.join(folder(), 'one/two');
    expect(failureOf(prepareSocketFolder(path.join(made, 'c.sock')))).toBeNull();
    expect(statSync(made).mode & 0o777).toBe(0o700);
  });

  test('that exists is left as it is', () => {
    const existing = folder();
    chmodSync(existing, 0o755);
    expect(failureOf(prepareSocketFolder(path.join(existing, 'c.sock')))).toBeNull();
    expect(statSync(existing).mode & 0o777).toBe(0o755);
  });

  test('cannot be made where a file is in the way', () => {
    const file = path.join(folder(), 'file');
    writeFileSync(file, '');
    expect(failureOf(prepareSocketFolder(path.join(file, 'c.sock')))).toMatch(/cannot be created/);
  });

  test('of the default place must be a folder of the same user', () => {
    const runtime = folder();
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    as(process.getuid?.() === 4242 ? 4243 : 4242);
    expect(failureOf(prepareSocketFolder(defaultSocketPath('/a')))).toMatch(/belongs to another user/);
  });

  test('of the default place must not be a link', () => {
    const runtime = folder();
    mkdirSync(path.join(runtime, 'elsewhere'));
    symlinkSync('elsewhere', path.join(runtime, 'alternate'));
    vi.stubEnv('XDG_RUNTIME_DIR', runtime);
    as(4242);
    expect(failureOf(prepareSocketFolder(defaultSocketPath('/a')))).toMatch(/is not a folder/);
  });
});

test('a path that Node would cut is refused', () => {
  const base = folder();
  const ofLength = (bytes: number): string => path.join(base, 'x'.repeat(bytes - base.length - 1));
  expect(failureOf(prepareSocketFolder(ofLength(LONGEST_SOCKET_PATH)))).toBeNull();
  expect(failureOf(prepareSocketFolder(ofLength(LONGEST_SOCKET_PATH + 1)))).toMatch(
    /too long: .* has 108 bytes/,
  );
});

test.runIf(process.platform === 'linux')(
  'a folder that nobody can make is a reason, not an endless attempt',
  () => {
    expect(failureOf(prepareSocketFolder('/proc/alternate-test/deep/manager.sock'))).toMatch(
      /^the control socket cannot be created: .* cannot be created: ENOENT/,
    );
  },
);

describe.skipIf(process.getuid?.() !== 0)("the socket's folder, for a manager that is root", () => {
  const USER = 65_534;
  const given = (owned: string, mode = 0o755): string => {
    const base = folder();
    chmodSync(base, 0o755);
    mkdirSync(path.join(base, 'site/run'), { recursive: true });
    chownSync(path.join(base, owned), USER, USER);
    chmodSync(path.join(base, owned), mode);
    return base;
  };

  test('is not one that another user could replace, nor made in such a one', () => {
    const base = given('site');
    const why = `could be replaced by another user: ${base}/site belongs to nobody (mode 0755)`;
    expect(failureOf(prepareSocketFolder(`${base}/site/run/c.sock`))).toContain(`${base}/site/run ${why}`);
    expect(failureOf(prepareSocketFolder(`${base}/site/new/c.sock`))).toContain(`${base}/site/new ${why}`);
    expect(existsSync(`${base}/site/new`)).toBe(false);
  });

  test("nor another user's in a folder that every user may add to", () => {
    const base = given('site/run');
    chmodSync(`${base}/site`, 0o1777);
    expect(failureOf(prepareSocketFolder(`${base}/site/run/c.sock`))).toContain(
      `${base}/site/run belongs to nobody`,
    );
    chownSync(`${base}/site/run`, 0, 0);
    expect(failureOf(prepareSocketFolder(`${base}/site/run/c.sock`))).toBeNull();
  });

  test('may be of another user in a folder of root', () => {
    expect(failureOf(prepareSocketFolder(`${given('site/run')}/site/run/c.sock`))).toBeNull();
  });

  test('may be behind a link of root, not of another user', () => {
    const base = given('site/run');
    symlinkSync('site/run', `${base}/link`);
    expect(failureOf(prepareSocketFolder(`${base}/link/c.sock`))).toBeNull();
    lchownSync(`${base}/link`, USER, USER);
    expect(failureOf(prepareSocketFolder(`${base}/link/c.sock`))).toContain(`${base}/link belongs to nobody`);
  });
});
