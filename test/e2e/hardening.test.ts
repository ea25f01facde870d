/** What must not harm the manager: floods of output, stalled readers, full disks, no descriptors, many services. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { RawService } from '../../src/config/schema/generated/raw.ts';
import type { ServiceStatus, StatusDocument } from '../../src/api/status-document.ts';
import { bin } from '../support/alternate.ts';
import { Theatre } from '../support/theatre.ts';
import { until } from '../support/until.ts';

const MEGABYTE = 1024 * 1024;

function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** What a flood wrote, taken from a manager's stdout as it comes: nothing of it is kept. */
class Flood {
  bytes = 0;
  lines = 0;
  peakMb = 0;

  constructor(pid: number, stdout: NodeJS.ReadableStream, prefix: string) {
    const pattern = Buffer.from(prefix);
    let rest: Buffer = Buffer.alloc(0);
    stdout.on('data', (chunk: Buffer) => {
      this.peakMb = Math.max(this.peakMb, residentMb(pid));
      let from = 0;
      const whole = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = whole.indexOf(10); end !== -1; end = whole.indexOf(10, from)) {
        const line = whole.subarray(from, end + 1);
        from = end + 1;
        const text = line.subarray(0, pattern.length).equals(pattern) ? line.subarray(pattern.length) : line;
        this.#take(text);
        this.lines++;
      }
      rest = whole.subarray(from);
      if (rest.length > MEGABYTE) {
        // A line that does not end: it is taken in pieces, its prefix at the first.
        this.#take(rest.subarray(0, pattern.length).equals(pattern) ? rest.subarray(pattern.length) : rest);
        rest = Buffer.alloc(0);
      }
    });
  }

  #take(bytes: Buffer): void {
    this.bytes += bytes.length;
  }
}

describe('output', () => {
  test('passes on 300 MB without a newline and 500 MB of lines in bounded memory, and every byte arrives', async () => {
    const theatre = await Theatre.open();
    const endless = `head -c 314572800 /dev/zero | tr '\\0' x; echo`;
    const lines = `yes ${'y'.repeat(99)} | head -c 524288000`;
    theatre.script('endless', endless);
    theatre.script('lines', lines);
    for (const [service, bytes] of [
      ['endless', 314_572_801],
      ['lines', 524_288_000],
    ] as const) {
      theatre.configure({ [service]: { command: `./${service}`, restart: 'never' } });
      const child = spawn(bin, [], { cwd: theatre.folder, stdio: ['ignore', 'pipe', 'ignore'] });
      const flood = new Flood(child.pid ?? 0, child.stdout, `${service} | `);
      try {
        await until(`${bytes} bytes of ${service}`, () => flood.bytes >= bytes, 120_000);
      } finally {
        child.kill('SIGTERM');
        await until('the end of the manager', new Promise((resolve) => child.once('close', resolve)));
      }
      expect(flood.bytes).toBe(bytes);
      expect(flood.peakMb).toBeLessThan(200);
      if (service === 'lines') expect(flood.lines).toBe(5_242_880);
    }
  }, 240_000);

  test('rotates while nobody reads what it writes, and everything arrives when somebody does', async () => {
    const theatre = await Theatre.open();
    const program = `i=0; while [ $i -lt 20000 ]; do echo "$1 line $i of a flood that nobody reads"; i=$((i+1)); done; exec sleep 1000`;
    theatre.script('talker', program);
    const manager = theatre.start({ talker: { command: './talker %alt', parameters: ['a', 'b'] } });
    manager.child.stdout?.pause();
    manager.child.stderr?.pause();
    await theatre.running('talker');
    for (const to of ['b', 'a', 'b'])
      expect(await theatre.rotate('talker')).toMatchObject({ outcome: 'completed', to });
    expect(residentMb(manager.pid)).toBeLessThan(200);
    manager.child.stdout?.resume();
    manager.child.stderr?.resume();
    // The instance that serves was held up in its own write; now it comes to its end.
    await until('the last line of the last instance', () =>
      manager.stdout.includes('talker:b | b line 19999 of'),
    );
    for (const line of manager.stdout.split('\n').slice(0, -1))
      expect(line).toMatch(/^talker:[ab] \| [ab] line \d+ of a flood that nobody reads$/);
  });

  test.skipIf(!existsSync('/dev/full'))('goes on when the disk is full, and says so once', async () => {
    const theatre = await Theatre.open();
    symlinkSync('/dev/full', `${theatre.folder}/full.log`);
    const manager = theatre.start({
      full: {
        command: `sh -c 'while echo a line; do sleep 0.05; done'`,
        output: { file: 'full.log' },
      },
      other: { command: 'sleep 1000', parameters: ['1', '2'], output: 'ignore' },
    });
    await manager.logged(/full\.log cannot be written \(ENOSPC\)/);
    expect(await theatre.rotate('other')).toMatchObject({ outcome: 'completed' });
    expect((await theatre.service('full')).restarts).toBe(0);
    expect(manager.stderr.match(/cannot be written/g)).toHaveLength(1);
  });
});

describe('descriptors', () => {
  test('do not grow over 500 rotations', async () => {
    const theatre = await Theatre.open();
    const manager = theatre.start({
      web: {
        command: 'sh -c "echo up; exec sleep 1000" %alt',
        parameters: ['1', '2'],
        overlap: '0',
        watch: true,
      },
    });
    await theatre.running('web');
    for (let rotation = 0; rotation < 20; rotation++) await theatre.rotate('web');
    await theatre.service('web', ({ retiring }) => retiring.length === 0);
    const before = descriptors(manager.pid);
    for (let rotation = 0; rotation < 500; rotation++)
      expect(await theatre.rotate('web')).toMatchObject({ outcome: 'completed' });
    await theatre.service('web', ({ retiring }) => retiring.length === 0);
    // What has just ended may still be on its way to being closed.
    await until('as many descriptors as before', () => descriptors(manager.pid) <= before + 2);
  }, 120_000);

  test('running out fails the rotation with a reason and leaves the current instance alone', async () => {
    const theatre = await Theatre.open();
    // Enough for one service with its pipes, not for dozens.
    const services: Record<string, RawService> = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `s${index}`,
        { command: 'sleep 1000 %alt', parameters: ['1', '2'] },
      ]),
    );
    const manager = theatre.start(services, { through: ['prlimit', '--nofile=70:70'] });
    await manager.logged(/too many open files/);
    const before = await theatre.running('s0');
    const { outcome, reason } = await theatre.rotate('s0');
    const after = await theatre.running('s0');
    if (outcome === 'failed') {
      expect(reason).toMatch(/too many open files/);
      expect(after.current?.pid).toBe(before.current?.pid);
    } else {
      expect(after.current?.parameter).toBe('2');
    }
    expect(manager.child.exitCode).toBeNull();
  }, 120_000);
});

describe('many services', () => {
  test('200 with watchers in one manager are all rotated by one signal', async () => {
    const theatre = await Theatre.open();
    const services: Record<string, RawService> = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => {
        theatre.script(`program-${index}`, 'exec sleep 1000');
        const service: RawService = {
          command: `./program-${index} %alt`,
          parameters: ['1', '2'],
          watch: true,
          output: 'ignore',
        };
        return [`s${index}`, service];
      }),
    );
    const manager = theatre.start(services);
    const statuses = async (): Promise<readonly ServiceStatus[]> =>
      ((await theatre.ask('GET', '/v1/status')).body as StatusDocument).services;
    const all = async (wanted: (service: ServiceStatus) => boolean): Promise<boolean> =>
      (await statuses()).every(wanted);
    await until('all are running', () => all(({ state }) => state === 'running'));
    manager.signal('SIGUSR1');
    await until('all have rotated', () =>
      all(({ state, rotations }) => state === 'running' && rotations.completed === 1),
    );
    expect(residentMb(manager.pid)).toBeLessThan(150);
    // And each by its own file alone.
    const next = theatre.script('next', '# another content\nexec sleep 1000');
    renameSync(next, `${theatre.folder}/program-7`);
    await theatre.service('s7', ({ rotations }) => rotations.completed === 2);
    expect(await all(({ rotations }) => rotations.completed >= 1)).toBe(true);
    expect(
      (await manager.status()).services.filter(({ rotations }) => rotations.completed === 2),
    ).toHaveLength(1);
  }, 120_000);
});

describe('a program that is still being written', () => {
  test('is started as soon as nobody writes to it any more', async () => {
    const theatre = await Theatre.open();
    const program = theatre.script('program', 'exec sleep 1000');
    const writer = openSync(program, 'a');
    const manager = theatre.start({ busy: { command: './program', restart: 'never' } });
    // The manager is up and cannot start it; once the writer closes, it can.
    await manager.logged(/runs 1 service/);
    closeSync(writer);
    expect((await theatre.running('busy')).restarts).toBe(0);
  });
});
