// Records docs/first-minute.svg, the picture of the README's first minute, from a real run and at its real pace. The
// configuration of `npm start` runs in a folder of its own and on free ports; the picture shows 3000 in their place. It begins
// when the load has run for some seconds and the first rotations are over, so that its first frame shows something.
//   npm run build && npx tsx scripts/record.ts
// README.md states what the kill lost in the recording: the last line of this program.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { pictureOf, type Line, type Terminal } from './record/picture.ts';

const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'alt-record-'));
const bin = path.join(root, 'bin/alternate');
const socket = path.join(folder, 'control.sock');
const env = { ...process.env, ALTERNATE_SOCKET: socket, NO_COLOR: '1' };
/** Between two commands, as a person types them. */
const PAUSE_MS = 1_000;
const ROTATIONS = 10;
/** So many rotations are over when the picture begins. */
const ROTATIONS_BEFORE = 5;
const TITLE =
  'The output of npm start, of a load, and of ten rotations and a kill. The load loses no request in the rotations.';

/** A terminal whose lines are still being written. */
type Recording = Terminal & { readonly lines: Line[] };

const first: Recording = { name: '1: npm start', lines: [] };
const second: Recording = { name: '2: node examples/first/load.mjs', lines: [] };
const third: Recording = { name: '3: ten rotations, then a kill', lines: [] };
const terminals = [first, second, third];
let shown = (text: string) => text;
let startedAt = 0;
const running: ChildProcess[] = [];

function write(terminal: Recording, text: string): void {
  terminal.lines.push({ at: performance.now() - startedAt, text: shown(text) });
}

/** Runs a program, whose lines go to a terminal; `ended` resolves to its exit code. */
function run(terminal: Recording, program: string, words: readonly string[]) {
  const child = spawn(program, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const ends = [child.stdout, child.stderr].map((stream) => {
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => write(terminal, line));
    return new Promise<void>((resolve) => lines.once('close', resolve));
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ended: Promise.all([exited, ...ends]).then(([code]) => code) };
}

/** As many as there are ports to replace. */
async function freePorts(wanted: readonly string[]): Promise<string[]> {
  const servers = wanted.map(() => createServer());
  await Promise.all(
    servers.map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))),
  );
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Waits until a terminal shows something. */
async function seen(terminal: Recording, what: RegExp): Promise<void> {
  const end = performance.now() + 30_000;
  while (!terminal.lines.some(({ text }) => what.test(text))) {
    if (performance.now() > end) throw new Error(`${terminal.name} does not show ${what.source}`);
    await after(20);
  }
}

async function alternate(...words: string[]): Promise<void> {
  const code = await run(third, bin, words).ended;
  if (code === 0) return;
  const said = terminals.flatMap(({ lines }) => lines.map(({ text }) => text)).join('\n');
  throw new Error(`alternate ${words.join(' ')} ended with ${code ?? 'a signal'}\n${said}`);
}

async function play() {
  const wanted = ['3000', '3010', '3011'];
  const ports = await freePorts(wanted);
  const pairs = wanted.map((port, index) => ({ port, free: ports[index] ?? '' }));
  const config = pairs.reduce(
    (text, { port, free }) => text.replaceAll(port, free),
    readFileSync(path.join(root, 'alternate.config.yaml'), 'utf8'),
  );
  writeFileSync(path.join(folder, 'alternate.config.yaml'), config);
  cpSync(path.join(root, 'examples/first'), path.join(folder, 'examples/first'), { recursive: true });
  shown = (text) =>
    pairs.reduce(
      (line, { port, free }) => line.replaceAll(free, port),
      text.replaceAll(folder, '/srv/alternate'),
    );
  const url = `http://127.0.0.1:${ports[0] ?? ''}/`;

  startedAt = performance.now();
  write(first, '$ npm start');
  const manager = run(first, bin, ['--config', 'alternate.config.yaml', '--socket', socket]);
  await seen(first, /web: running/);
  await after(PAUSE_MS);
  write(second, '$ node examples/first/load.mjs');
  const load = run(second, process.execPath, ['examples/first/load.mjs', url]);
  await after(4 * PAUSE_MS);
  write(third, `$ for i in $(seq ${ROTATIONS}); do bin/alternate rotate web; done`);
  for (let count = 0; count < ROTATIONS_BEFORE; count++) await alternate('rotate', 'web');
  const beginsAt = performance.now() - startedAt;
  for (let count = ROTATIONS_BEFORE; count < ROTATIONS; count++) await alternate('rotate', 'web');
  await after(PAUSE_MS);
  write(third, '$ bin/alternate signal web KILL');
  await alternate('signal', 'web', 'KILL');
  await after(3 * PAUSE_MS);
  write(second, '^C');
  load.child.kill('SIGINT');
  await load.ended;
  const endedAt = performance.now() - startedAt;
  manager.child.kill('SIGTERM');
  await manager.ended;
  const recorded = terminals.map(({ name, lines }) => ({
    name,
    lines: lines.filter(({ at }) => at <= endedAt),
  }));
  return { recorded, beginsAt };
}

try {
  const file = path.join(root, 'docs/first-minute.svg');
  const { recorded, beginsAt } = await play();
  writeFileSync(file, pictureOf(TITLE, recorded, beginsAt));
  console.log(`${path.relative(root, file)}: ${second.lines.at(-1)?.text.trim() ?? ''}`);
} finally {
  for (const child of running)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
