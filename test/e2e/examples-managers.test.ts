import { spawn } from 'node:child_process';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runAlternate } from '../support/alternate.ts';
import { processFacts, processGone } from '../support/processes.ts';
import { explainTimeouts, until } from '../support/until.ts';
import { exampleOf, isThere, startExample, type Example } from './fixtures/examples.ts';

/** What an instance of the example answers; null where none does. */
async function answerOf(port: string): Promise<{ text: string; pid: number } | null> {
  const text = await fetch(`http://127.0.0.1:${port}/`).then(
    (response) => response.text(),
    () => null,
  );
  return text === null ? null : { text, pid: Number(/pid (\d+)/.exec(text)?.[1]) };
}

/** The status document of the example's manager; null where none answers. */
async function statusOf({ folder }: Example): Promise<{ pid: number } | null> {
  const { stdout } = await runAlternate(['status', '--json'], { cwd: folder });
  try {
    return JSON.parse(stdout) as { pid: number };
  } catch {
    return null;
  }
}

test('examples/systemd runs without systemd, too', async () => {
  const example = await exampleOf('systemd');
  const alternate = startExample(example);
  const [first, second] = example.parameters;
  expect((await until('an answer', () => answerOf(first))).text).toContain(`hello from ${first} `);
  await alternate.service('web', ({ state }) => state === 'running');
  expect(await alternate.command('rotate', 'web')).toMatchObject({ code: 0 });
  expect((await answerOf(second))?.text).toContain(`hello from ${second} `);
  expect((await alternate.stop()).code).toBe(0);
});

test.skipIf(!isThere('supervisord'))(
  'examples/supervisord: a manager that is killed comes back, and one instance serves, with supervisord',
  async () => {
    const example = await exampleOf('supervisord');
    const [first] = example.parameters;
    const supervisord = spawn(path.join(example.folder, 'start.sh'), {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [supervisord.stdout, supervisord.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    explainTimeouts(() => `--- supervisord\n${said}`);
    const ended = new Promise((resolve) => supervisord.once('exit', resolve));
    onTestFinished(async () => {
      if (supervisord.exitCode === null && supervisord.kill()) await until('the end of supervisord', ended);
    });

    await until('an answer', () => answerOf(first));
    const { pid: killed } = await until('a status', () => statusOf(example));
    process.kill(killed, 'SIGKILL');
    await processGone(killed);
    const { pid } = await until('another manager', async () => {
      const status = await statusOf(example);
      return status !== null && status.pid !== killed ? status : null;
    });
    const { stderr, code } = await runAlternate(['rotate', 'web'], { cwd: example.folder });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const serving = await until('one instance', async () => {
      const answers = await Promise.all(example.parameters.map(answerOf));
      const there = answers.filter((answer) => answer !== null);
      return there.length === 1 ? there[0] : null;
    });
    expect(processFacts(serving.pid)?.parent).toBe(pid);

    supervisord.kill();
    await until('the end of supervisord', ended);
    await processGone(pid);
    await processGone(serving.pid);
  },
);
