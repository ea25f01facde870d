// Packs the project, installs the tarball into an empty folder, and uses it there as a stranger would.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'alt-tarball-'));
const inFolder = { cwd: folder, encoding: 'utf8' } as const;
let manager: ChildProcess | undefined;

/** What `npm pack --json` prints of a package: in a list, or by its name. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly entryCount: number;
}

try {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  ) as Packed[] | Record<string, Packed>;
  const [tarball] = Object.values(packed);
  if (tarball === undefined) throw new Error('npm pack made nothing');
  const { filename, size, entryCount } = tarball;
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', `./${filename}`], {
    ...inFolder,
    stdio: 'ignore',
  });
  const alternate = path.join(folder, 'node_modules/.bin/alternate');
  const run = (...words: string[]) =>
    execFileSync(alternate, words, { ...inFolder, stdio: ['ignore', 'pipe', 'pipe'] });

  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(run('--version').trim() === version, '--version');
  const global = path.join(folder, 'global');
  execFileSync('npm', ['install', '--global', '--prefix', global, `./${filename}`], {
    ...inFolder,
    stdio: 'ignore',
  });
  const link = path.join(folder, 'link');
  symlinkSync(path.join(global, 'bin/alternate'), link);
  expect(execFileSync(link, ['--version'], inFolder).trim() === version, 'global, through a link');
  expect((statSync(realpathSync(link)).mode & 0o111) === 0o111, 'the entry is executable');
  run('init');
  run('validate');
  const [first, second] = await freePorts();
  const file = path.join(folder, 'alternate.config.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replaceAll('3000', String(first))
      .replaceAll('3001', String(second))
      .replace('overlap: 10s', 'overlap: 200ms'),
  );
  const started = spawn(alternate, [], { cwd: folder, stdio: 'ignore' });
  manager = started;
  const ended = new Promise((resolve) => started.once('exit', resolve));
  await answers(first);
  run('rotate', 'web');
  await answers(second);
  const status = JSON.parse(run('status', '--json')) as {
    services: { current: { parameter: string } | null }[];
  };
  expect(status.services[0]?.current?.parameter === String(second), 'the second parameter serves');
  run('shutdown');
  expect((await ended) === 0, 'exit code 0');
  console.log(
    `${filename}: ${entryCount} files, ${Math.round(size / 1024)} KiB; installs, runs, rotates and stops`,
  );
} catch (error) {
  if (!(error instanceof Error)) throw error;
  console.error('stderr' in error ? error.stderr : '', error.message);
  process.exitCode = 1;
} finally {
  if (manager?.exitCode === null) manager.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

async function answers(port: number): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    try {
      expect((await fetch(`http://127.0.0.1:${port}/`)).ok, `${port} answers well`);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const [first, second] = servers.map((server) => (server.address() as AddressInfo).port) as [number, number];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [first, second];
}
