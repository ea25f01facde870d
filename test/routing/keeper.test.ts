import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RouteKeeper } from '../../src/routing/keeper.ts';
import { DONE, type Result } from '../../src/util/result.ts';
import { failureOf } from '../support/failure-of.ts';
import { until } from '../support/until.ts';
import { FakeHaproxy } from './fake-haproxy.ts';
import { byFiles, byHaproxy, routed, temporaryFolder } from './service.ts';

const TICK_MS = 20;
const NEVER_MS = 3_600_000;

function open(tickMs: number): { keeper: RouteKeeper; said: string[] } {
  const said: string[] = [];
  const keeper = new RouteKeeper({
    tickMs,
    lost: (reason) => said.push(`lost: ${reason}`),
    restored: () => said.push('restored'),
    leftBehind: (reason) => said.push(`left behind: ${reason}`),
  });
  onTestFinished(() => keeper.close());
  return { keeper, said };
}

async function haproxy(): Promise<{ fake: FakeHaproxy; socket: string }> {
  const socket = path.join(temporaryFolder(), 's');
  return { fake: await new FakeHaproxy(socket).start(), socket };
}

const filesIn = (folder: string): string => readdirSync(folder).sort().join(' ');
const looks = ({ commands }: FakeHaproxy): number =>
  commands.filter((command) => command.startsWith('show servers')).length;

describe('in the order asked for', () => {
  test('one after another', async () => {
    const { fake, socket } = await haproxy();
    const { keeper } = open(NEVER_MS);
    const service = routed(byHaproxy(socket));
    const results = await Promise.all([
      keeper.direct(service, 'a'),
      keeper.direct(service, 'b'),
      keeper.withdraw(service, 'stopped'),
      keeper.direct(service, 'a'),
    ]);
    expect(results.map(failureOf)).toEqual([null, null, null, null]);
    expect(fake.commands.map((command) => command.replace(/^set server api\/|state /g, ''))).toEqual([
      ...['api-a ready', 'api-a health up', 'api-b drain', 'show servers api'],
      ...['api-b ready', 'api-b health up', 'api-a drain', 'show servers api'],
      ...['api-a maint', 'api-b maint'],
      ...['api-a ready', 'api-a health up', 'api-b drain', 'show servers api'],
    ]);
  });

  test('closing waits for what was asked for', async () => {
    const folder = temporaryFolder();
    const { keeper } = open(NEVER_MS);
    void keeper.direct(routed(byFiles(folder)), 'a');
    void keeper.withdraw(routed(byFiles(folder)), 'stopped');
    void keeper.direct(routed(byFiles(folder)), 'b');
    await keeper.close();
    expect(filesIn(folder)).toBe('b');
  });
});

test('a service without a route has nothing to be told and nothing to be kept', async () => {
  const { keeper, said } = open(1);
  expect(failureOf(await keeper.direct(routed(null), 'a'))).toBeNull();
  expect(failureOf(await keeper.withdraw(routed(null), 'stopped'))).toBeNull();
  expect(said).toEqual([]);
});

test('what an earlier manager left behind is removed', async () => {
  const folder = temporaryFolder();
  for (const name of ['a', 'b', 'mine']) writeFileSync(path.join(folder, name), 'x');
  const { keeper } = open(NEVER_MS);
  expect(failureOf(await keeper.withdraw(routed(byFiles(folder)), 'lost'))).toBeNull();
  expect(filesIn(folder)).toBe('mine');
});

describe('the look', () => {
  test('puts back a file that somebody removed, and says so once', async () => {
    const folder = temporaryFolder();
    const { keeper, said } = open(TICK_MS);
    await keeper.direct(routed(byFiles(folder)), 'a');
    rmSync(path.join(folder, 'a'));
    await until('restored', () => said.includes('restored'));
    expect(filesIn(folder)).toBe('a');
    expect(said).toEqual([`lost: the file ${folder}/a is gone`, 'restored']);
  });

  test('says once that it cannot be mended, and once that it is', async () => {
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(TICK_MS);
    await keeper.direct(routed(byHaproxy(socket)), 'a');
    fake.forget();
    fake.behave = (command) => (command.startsWith('set') ? 'Permission denied\n\n' : fake.answer(command));
    const seen = looks(fake);
    await until('some looks', () => looks(fake) > seen + 3);
    expect(said).toEqual([expect.stringMatching(/^lost: .*"Permission denied"/)]);
    fake.behave = (command) => fake.answer(command);
    await until('restored', () => said.includes('restored'));
    expect(said).toHaveLength(2);
    expect(fake.letIn).toEqual(['api-a']);
  });

  test('a HAProxy that is away and comes back without its state is told again', async () => {
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(TICK_MS);
    await keeper.direct(routed(byHaproxy(socket)), 'b');
    await fake.stop();
    await until('lost', () => said.length > 0);
    expect(said[0]).toMatch(/^lost: HAProxy does not answer on .*ENOENT/);
    fake.forget();
    await fake.start();
    await until('restored', () => said.includes('restored'));
    expect(fake.letIn).toEqual(['api-b']);
    expect(said).toHaveLength(2);
  });

  test('what could not be done at first is done when it can be; whoever asked has been told', async () => {
    const folder = path.join(temporaryFolder(), 'api');
    writeFileSync(folder, 'in the way');
    const { keeper, said } = open(TICK_MS);
    expect(failureOf(await keeper.direct(routed(byFiles(folder)), 'a'))).toMatch(/ENOTDIR/);
    rmSync(folder);
    await until('restored', () => said.includes('restored'));
    expect(filesIn(folder)).toBe('a');
    expect(said).toEqual(['restored']);
  });

  test('what is asked for after a loss ends the loss', async () => {
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(TICK_MS);
    const service = routed(byHaproxy(socket));
    await keeper.direct(service, 'a');
    fake.behave = () => 'No such backend.\n\n';
    await until('lost', () => said.length > 0);
    fake.behave = (command) => fake.answer(command);
    expect(failureOf(await keeper.direct(service, 'b'))).toBeNull();
    expect(said).toEqual([expect.stringMatching(/^lost: /), 'restored']);
    expect(fake.letIn).toEqual(['api-b']);
  });

  test('ends with a withdrawal, and with closing', async () => {
    const folder = temporaryFolder();
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(TICK_MS);
    const clock = open(TICK_MS);
    await clock.keeper.direct(routed(byHaproxy(socket)), 'a');
    await keeper.direct(routed(byFiles(folder)), 'a');
    await keeper.withdraw(routed(byFiles(folder)), 'lost');
    // Another keeper's looks tell the time.
    const seen = looks(fake);
    await until('some looks', () => looks(fake) > seen + 3);
    expect(filesIn(folder)).toBe('');
    // Closed while something is still under way.
    void keeper.direct(routed(byFiles(folder)), 'a');
    await keeper.close();
    rmSync(path.join(folder, 'a'));
    const later = looks(fake);
    await until('some looks', () => looks(fake) > later + 3);
    expect(filesIn(folder)).toBe('');
    expect(said).toEqual([]);
  });

  test('gives way to what is asked for while it looks', async () => {
    const { fake, socket } = await haproxy();
    const { keeper } = open(TICK_MS);
    const service = routed(byHaproxy(socket));
    await keeper.direct(service, 'a');
    fake.forget();
    let asked: Promise<Result<void>> | undefined;
    fake.behave = (command) => {
      const answer = fake.answer(command);
      asked ??= keeper.direct(service, 'b');
      return answer;
    };
    const before = fake.commands.length;
    await until('the look', () => asked !== undefined);
    expect(await asked).toEqual(DONE);
    expect(fake.letIn).toEqual(['api-b']);
    // The look found both let in, and left it to the newer wish.
    expect(fake.commands.slice(before, before + 2)).toEqual([
      'show servers state api',
      'set server api/api-b state ready',
    ]);
  });
});

describe('what is wanted is what was asked for last', () => {
  test('after a switch that failed: the one that is asked back', async () => {
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(TICK_MS);
    const service = routed(byHaproxy(socket));
    await keeper.direct(service, 'a');
    fake.behave = (command) => (command.includes('api-b') ? 'No such server.\n\n' : fake.answer(command));
    const [failed, back] = await Promise.all([keeper.direct(service, 'b'), keeper.direct(service, 'a')]);
    expect(failureOf(failed)).toMatch(/No such server/);
    expect(failureOf(back)).toMatch(/^HAProxy sends new requests to api-a already/);
    fake.behave = (command) => fake.answer(command);
    await until('restored', () => said.includes('restored'));
    expect(fake.letIn).toEqual(['api-a']);
  });

  test('where the way back fails, it is kept on trying', async () => {
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(TICK_MS);
    const service = routed(byHaproxy(socket));
    await keeper.direct(service, 'b');
    fake.behave = () => 'No such backend.\n\n';
    expect(failureOf(await keeper.direct(service, 'a'))).toMatch(/No such backend/);
    fake.behave = (command) => fake.answer(command);
    await until('restored', () => said.includes('restored'));
    expect(fake.letIn).toEqual(['api-a']);
  });
});

describe('a reload', () => {
  test('changes the parameters: the file of the one before goes', async () => {
    const folder = temporaryFolder();
    const { keeper } = open(NEVER_MS);
    await keeper.direct(routed(byFiles(folder)), 'a');
    await keeper.direct(routed(byFiles(folder), { parameters: ['c', 'd'] }), 'c');
    expect(filesIn(folder)).toBe('c');
    await keeper.withdraw(routed(byFiles(folder), { parameters: ['e', 'f'] }), 'lost');
    expect(filesIn(folder)).toBe('');
  });

  test('changes the parameters: what a switch that failed has let in is let out on the way back', async () => {
    const { fake, socket } = await haproxy();
    const { keeper } = open(NEVER_MS);
    const before = routed(byHaproxy(socket));
    await keeper.direct(before, 'a');
    fake.servers.set('api-c', 8);
    expect(
      failureOf(await keeper.direct(routed(byHaproxy(socket), { parameters: ['c', 'd'] }), 'c')),
    ).toMatch(/^HAProxy sends new requests to api-c already, and still to api-d/);
    expect(fake.letIn).toContain('api-c');
    expect(failureOf(await keeper.direct(before, 'a'))).toBeNull();
    expect(fake.letIn).toEqual(['api-a']);
  });

  test('changes the route: the new one is made true, then the old one is withdrawn', async () => {
    const folder = temporaryFolder();
    const { fake, socket } = await haproxy();
    const { keeper, said } = open(NEVER_MS);
    await keeper.direct(routed(byHaproxy(socket)), 'a');
    fake.behave = (command) => {
      if (command.endsWith('maint')) expect(filesIn(folder)).toBe('b');
      return fake.answer(command);
    };
    expect(failureOf(await keeper.direct(routed(byFiles(folder)), 'b'))).toBeNull();
    expect(fake.letIn).toEqual([]);
    expect(failureOf(await keeper.direct(routed(byHaproxy(socket)), 'a'))).toBeNull();
    expect(fake.letIn).toEqual(['api-a']);
    expect(filesIn(folder)).toBe('');
    expect(said).toEqual([]);
  });

  test('to a route that fails leaves the old one; routing back withdraws what was tried', async () => {
    const base = temporaryFolder();
    const { fake, socket } = await haproxy();
    const { keeper } = open(NEVER_MS);
    await keeper.direct(routed(byHaproxy(socket)), 'a');
    fake.commands.length = 0;
    const folder = path.join(base, 'api');
    mkdirSync(path.join(folder, 'a'), { recursive: true });
    expect(failureOf(await keeper.direct(routed(byFiles(folder)), 'b'))).toMatch(/\/a is a folder/);
    expect(fake.commands).toEqual([]);
    rmSync(path.join(folder, 'a'), { recursive: true });
    writeFileSync(path.join(folder, 'b'), 'half done');
    expect(failureOf(await keeper.direct(routed(byHaproxy(socket)), 'a'))).toBeNull();
    expect(filesIn(folder)).toBe('');
    expect(fake.letIn).toEqual(['api-a']);
  });

  test('removes the route: it is withdrawn, and not looked after', async () => {
    const folder = temporaryFolder();
    const { keeper, said } = open(TICK_MS);
    await keeper.direct(routed(byFiles(folder)), 'a');
    expect(failureOf(await keeper.direct(routed(null), 'b'))).toBeNull();
    expect(filesIn(folder)).toBe('');
    expect(said).toEqual([]);
  });

  test('names the same place by another path: nothing is undone', async () => {
    const base = temporaryFolder();
    const folder = path.join(base, 'api');
    const { keeper } = open(NEVER_MS);
    await keeper.direct(routed(byFiles(folder)), 'a');
    symlinkSync('api', path.join(base, 'link'));
    expect(failureOf(await keeper.direct(routed(byFiles(path.join(base, 'link'))), 'b'))).toBeNull();
    expect(filesIn(folder)).toBe('b');

    const { fake, socket } = await haproxy();
    symlinkSync(socket, `${socket}.link`);
    await keeper.direct(routed(byHaproxy(socket)), 'a');
    expect(failureOf(await keeper.direct(routed(byHaproxy(`${socket}.link`)), 'b'))).toBeNull();
    expect(fake.letIn).toEqual(['api-b']);
  });

  test('cannot be held up by an old HAProxy: one that is gone is passed over, one that refuses is told of', async () => {
    const folder = temporaryFolder();
    const { keeper, said } = open(NEVER_MS);
    const [gone, refusing] = [await haproxy(), await haproxy()];
    await keeper.direct(routed(byHaproxy(gone.socket)), 'a');
    await gone.fake.stop();
    expect(existsSync(gone.socket)).toBe(false);
    expect(failureOf(await keeper.direct(routed(byFiles(folder)), 'b'))).toBeNull();
    expect(said).toEqual([]);
    await keeper.direct(routed(byHaproxy(refusing.socket)), 'a');
    refusing.fake.behave = () => 'Permission denied\n\n';
    expect(failureOf(await keeper.direct(routed(byFiles(folder)), 'b'))).toBeNull();
    expect(said).toEqual([expect.stringMatching(/^left behind: HAProxy on .*"Permission denied"/)]);
  });
});
