import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand, type CommandRequest } from '../../src/process/command.ts';
import { temporaryFolder } from '../support/alternate.ts';
import { failureOf } from '../support/failure-of.ts';
import { processFacts, processGone } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { instanceSpec, NOBODY } from './instance-spec.ts';

interface Run {
  readonly finished: Promise<string | null>;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  readonly cancel: () => void;
  readonly kill: () => void;
}

function run(command: readonly string[], differently: Partial<CommandRequest> = {}): Run {
  let said: (streams: [Promise<string>, Promise<string>]) => void = () => undefined;
  const streams = new Promise<[Promise<string>, Promise<string>]>((resolve) => {
    said = resolve;
  });
  const cancelling = new AbortController();
  const killing = new AbortController();
  const ended = runCommand({
    spec: instanceSpec(),
    command,
    manager: NOBODY,
    env: {},
    timeoutMs: 30_000,
    graceMs: 0,
    cancelled: cancelling.signal,
    killed: killing.signal,
    started(stdout, stderr) {
      said([text(stdout), text(stderr)]);
    },
    ...differently,
  });
  onTestFinished(() => {
    cancelling.abort();
  });
  return {
    finished: until(`the end of ${command.join(' ')}`, ended.then(failureOf)),
    stdout: streams.then(([stdout]) => stdout),
    stderr: streams.then(([, stderr]) => stderr),
    cancel: () => {
      cancelling.abort();
    },
    kill: () => {
      killing.abort();
    },
  };
}

/** A file that a command writes its pid to. */
function pidFile(): { readonly file: string; readonly pid: () => Promise<number> } {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
  });
  const file = path.join(folder.path, 'pid');
  return {
    file,
    pid: () =>
      until('the pid', () => {
        try {
          return Number(readFileSync(file, 'utf8').trim());
        } catch {
          return null;
        }
      }),
  };
}

describe('how it ended', () => {
  test.each([
    ['exit 0', null],
    ['exit 3', 'exit code 3'],
    ['kill -9 $$', 'ended by SIGKILL'],
  ])('%s: %s', async (script, failure) => {
    expect(await run(['sh', '-c', script]).finished).toBe(failure);
  });

  test('a program that is not there, or cannot be started, is a failure in words', async () => {
    expect(await run(['no-such-program']).finished).toBe('there is no program no-such-program in PATH');
    expect(await run(['/no/such/program']).finished).toBe('/no/such/program does not exist');
    expect(await run(['/etc/passwd']).finished).toBe(
      '/etc/passwd is not an executable file for this user (chmod +x?)',
    );
    const spec = instanceSpec({ cwd: '/no/such/folder' });
    expect(await run(['true'], { spec }).finished).toBe(
      'the working directory /no/such/folder does not exist',
    );
  });

  test('an environment that cannot be made is one too', async () => {
    const spec = instanceSpec({ envFile: '/no/such/file' });
    expect(await run(['true'], { spec }).finished).toMatch(/^the env file cannot be read/);
  });
});

test('it gets the words as they are, the environment, the folder, and nothing to read', async () => {
  const spec = instanceSpec({ env: { ONE: '1', TWO: '1' }, cwd: '/' });
  const script = 'cat; echo "$(pwd) $ONE $TWO $ALTERNATE_SERVICE <$1>"; echo bad >&2';
  const running = run(['sh', '-c', script, 'name', 'a  $b'], { spec, env: { TWO: '2' } });
  expect(await running.finished).toBeNull();
  expect(await running.stdout).toBe('/ 1 2 web <a  $b>\n');
  expect(await running.stderr).toBe('bad\n');
});

test('a process that it leaves behind with the pipes is not waited for', async () => {
  const { file, pid } = pidFile();
  const running = run(['sh', '-c', `sleep 300 & echo $! >${file}; exit 4`]);
  expect(await running.finished).toBe('exit code 4');
  process.kill(await pid(), 'SIGKILL');
});

describe('it is killed with all that it has started', () => {
  const script = (file: string): string[] => [
    'sh',
    '-c',
    `trap '' TERM; sleep 300 & echo $! >${file}.part; mv ${file}.part ${file}; wait`,
  ];

  test('once its time is up', async () => {
    const { file, pid } = pidFile();
    const running = run(script(file), { timeoutMs: 1_000 });
    const child = await pid();
    expect(await running.finished).toBe('it ran longer than 1s and was killed');
    await processGone(child);
  });

  test('when it is cancelled', async () => {
    const { file, pid } = pidFile();
    const running = run(script(file));
    const child = await pid();
    expect(processFacts(child)).not.toBeNull();
    running.cancel();
    expect(await running.finished).toBe('it was cancelled');
    await processGone(child);
  });
});

describe('with a grace it gets TERM first', () => {
  test('and has ended once nothing of its group is left', async () => {
    const { file, pid } = pidFile();
    // The leader ends at once; its child takes a moment to tidy up.
    const script = `trap 'exit 0' TERM; sh -c 'trap "sleep 0.3; echo tidy; exit" TERM; echo $$ >${file}; while :; do sleep 0.05; done' & wait`;
    const running = run(['sh', '-c', script], { graceMs: 30_000 });
    const child = await pid();
    running.cancel();
    expect(await running.finished).toBe('it was cancelled');
    expect(processFacts(child)).toBeNull();
    expect(await running.stdout).toBe('tidy\n');
  });

  test('KILL follows', async () => {
    const { file, pid } = pidFile();
    const script = `trap '' TERM; echo $$ >${file}; while :; do sleep 0.05; done`;
    const running = run(['sh', '-c', script], { graceMs: 300 });
    await pid();
    running.cancel();
    expect(await running.finished).toBe('it was cancelled and killed: it had not stopped within 0.3s');
  });

  test('or at once when that is asked for', async () => {
    const { file, pid } = pidFile();
    const script = `trap '' TERM; echo $$ >${file}; while :; do sleep 0.05; done`;
    const running = run(['sh', '-c', script], { graceMs: 3_600_000 });
    await pid();
    running.kill();
    expect(await running.finished).toBe('it was cancelled');
  });
});

test('cancelled at once, it is never started', async () => {
  let started = false;
  const cancelling = new AbortController();
  const ended = runCommand({
    spec: instanceSpec(),
    command: ['true'],
    manager: NOBODY,
    env: {},
    timeoutMs: 1_000,
    graceMs: 0,
    cancelled: cancelling.signal,
    started() {
      started = true;
    },
  });
  cancelling.abort();
  expect(failureOf(await ended)).toBe('it was cancelled');
  expect(started).toBe(false);
});
