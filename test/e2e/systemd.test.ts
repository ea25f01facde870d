import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bin, runAlternate, temporaryFolder, writeConfig } from '../support/alternate.ts';
import { ExecCheck } from '../support/exec-check.ts';
import { Theatre } from '../support/theatre.ts';
import { explainTimeouts, until } from '../support/until.ts';
import { isThere } from './fixtures/examples.ts';

const canListen = isThere('perl');
const canTell = canListen && isThere('systemd-notify');

/** What systemd would hear: Node has no datagram sockets of the unix kind, perl is nearly everywhere. */
const RECEIVER = `use strict; use Socket; $| = 1;
my $address = $ARGV[0]; $address =~ s/^@/\\0/;
socket(my $socket, PF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($socket, sockaddr_un($address)) or die $!;
print "bound\\n";
while (defined recv($socket, my $message, 65536, 0)) { $message =~ s/\\n/ /g; print "$message\\n"; }`;

class InitSystem {
  readonly address: string;
  readonly messages: string[] = [];

  private constructor(address: string) {
    this.address = address;
  }

  /** @param address a socket's path, or `@name` for an abstract one */
  static async open(address: string): Promise<InitSystem> {
    const init = new InitSystem(address);
    const child = spawn('perl', ['-e', RECEIVER, address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill()) await ended;
    });
    let bound = false;
    createInterface(child.stdout).on('line', (line) => {
      if (line === 'bound') bound = true;
      // systemd-notify waits until its message has been read, by a second one of that name.
      else if (line !== 'BARRIER=1') init.messages.push(line);
    });
    await until('the socket of an init system', () => bound);
    explainTimeouts(() => `--- told to the init system\n${init.messages.join('\n')}`);
    return init;
  }

  async hears(pattern: RegExp, count = 1): Promise<string> {
    const found = (): string | undefined =>
      this.messages.filter((message) => pattern.test(message))[count - 1];
    return await until(`${String(pattern)} (${count}) told to the init system`, found);
  }
}

const sleeping = { command: 'sleep 300', parameters: ['a', 'b'] as [string, string] };

describe.skipIf(!canTell)('NOTIFY_SOCKET, with perl and systemd-notify', () => {
  test('READY once every service has left its start, well or not; STOPPING at the end', async () => {
    const theatre = await Theatre.open();
    const health = new ExecCheck(theatre.folder);
    const init = await InitSystem.open(path.join(theatre.folder, 'notify.sock'));
    const broken = { command: 'false', restart: { policy: 'always' as const, delay: '1h' } };
    const slow = { ...sleeping, ready: { exec: health.exec } };
    theatre.start({ web: sleeping, broken, slow }, { env: { NOTIFY_SOCKET: init.address } });
    await theatre.service('broken', ({ state }) => state === 'backoff');
    await theatre.running('web');
    await health.asked('a', 2);
    expect(init.messages).toEqual([]);
    health.healthy('a');
    expect(await init.hears(/READY=1/)).toBe('READY=1 STATUS=2 of 3 running; broken: backoff');
    theatre.alternate.signal('SIGTERM');
    await init.hears(/^STOPPING=1/);
    expect((await theatre.alternate.ended).code).toBe(0);
    expect(init.messages.filter((message) => message.includes('READY=1'))).toHaveLength(1);
  });

  test('RELOADING with the time on the clock that systemd compares it with, then READY: also when refused', async () => {
    const theatre = await Theatre.open();
    const init = await InitSystem.open(path.join(theatre.folder, 'notify.sock'));
    theatre.start({ web: sleeping }, { env: { NOTIFY_SOCKET: init.address } });
    await init.hears(/^READY=1/);
    const before = process.hrtime.bigint() / 1_000n;
    theatre.configure({ web: sleeping, more: { command: 'sleep 300' } });
    await theatre.ask('POST', '/v1/reload');
    const reloading = await init.hears(/^RELOADING=1/);
    const at = BigInt(/^RELOADING=1 MONOTONIC_USEC=(\d+)$/.exec(reloading)?.[1] ?? 0);
    expect(at > before && at <= process.hrtime.bigint() / 1_000n).toBe(true);
    await init.hears(/^READY=1/, 2);
    await init.hears(/^STATUS=2 running$/);
    writeConfig(theatre.folder, 'nonsense: 1');
    expect(await theatre.ask('POST', '/v1/reload')).toMatchObject({ status: 422 });
    await init.hears(/^READY=1/, 3);
    const order = init.messages.map((message) => message.replace(/=.*/, ''));
    expect(order.filter((name) => name !== 'STATUS')).toEqual([
      'READY',
      'RELOADING',
      'READY',
      'RELOADING',
      'READY',
    ]);
  });

  test('an abstract socket does as well, and no instance or hook sees it', async () => {
    const theatre = await Theatre.open();
    const init = await InitSystem.open(`@alternate-test-${process.pid}-${performance.now()}`);
    const seen = theatre.script('seen', 'echo "it is ${NOTIFY_SOCKET-unset}"');
    const instance = theatre.script('instance', `${seen}; exec sleep 300`);
    theatre.start(
      { web: { command: instance, hooks: { beforeStart: seen } } },
      { env: { NOTIFY_SOCKET: init.address } },
    );
    await init.hears(/^READY=1/);
    await theatre.logged(/(?:it is unset[^]*){2}/);
    expect(theatre.alternate.stdout).not.toContain(init.address);
  });

  test('an init system that is gone is said once, and harms nothing', async () => {
    const theatre = await Theatre.open();
    const nobody = path.join(theatre.folder, 'nobody.sock');
    theatre.start({ web: sleeping }, { env: { NOTIFY_SOCKET: nobody } });
    await theatre.alternate.logged(
      /the state of the manager is no longer reported to systemd: systemd-notify ended with 1/,
    );
    expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
    const { code, stderr } = await theatre.alternate.stop();
    expect(code).toBe(0);
    expect(stderr.match(/no longer reported to systemd/g)).toHaveLength(1);
  });
});

test('without systemd-notify one warning says what to do', async () => {
  const theatre = await Theatre.open();
  // A PATH that has all that is needed, and nothing else.
  const programs = path.join(theatre.folder, 'programs');
  mkdirSync(programs);
  const [sleep = ''] = execFileSync('sh', ['-c', 'command -v sleep'], { encoding: 'utf8' }).split('\n');
  for (const [name, place] of [
    ['node', process.execPath],
    ['sleep', sleep],
  ] as const)
    symlinkSync(place, path.join(programs, name));
  theatre.start({ web: sleeping }, { env: { NOTIFY_SOCKET: '/nowhere', PATH: programs } });
  await theatre.alternate.logged(/systemd-notify, a program of systemd, cannot be started.* set Type=exec/);
  await theatre.running('web');
  expect((await theatre.alternate.stop()).stderr.match(/no longer reported to systemd/g)).toHaveLength(1);
});

describe.skipIf(!isThere('systemd-analyze'))('the unit, with systemd-analyze', () => {
  const verified = (unit: string): string =>
    execFileSync('sh', ['-c', 'systemd-analyze verify "$0" 2>&1', unit], { encoding: 'utf8' });

  test('that is exported is accepted, from a folder with an odd name', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => {
      folder.remove();
    });
    const site = path.join(folder.path, "it's 50% of $HOME");
    mkdirSync(site);
    writeConfig(site, 'services: { web: { command: sleep 300, ready: { tcp: 3000 } } }');
    const { stdout, code } = await runAlternate(['export', 'systemd'], { cwd: site });
    expect(code).toBe(0);
    const unit = path.join(folder.path, 'alternate.service');
    writeFileSync(unit, stdout);
    expect(verified(unit)).toBe('');
    // What is wrong would be seen.
    writeFileSync(unit, stdout.replace('Type=notify', 'Type=nonsense'));
    expect(verified(unit)).not.toBe('');
  });

  test('of examples/systemd is accepted', () => {
    const folder = temporaryFolder();
    onTestFinished(() => {
      folder.remove();
    });
    const unit = path.join(folder.path, 'alternate.service');
    const text = readFileSync(
      path.resolve(import.meta.dirname, '../../examples/systemd/alternate.service'),
      'utf8',
    );
    writeFileSync(unit, text.replaceAll('/usr/local/bin/alternate', bin));
    expect(verified(unit)).toBe('');
  });
});
