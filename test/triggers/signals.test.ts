import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from './watch/folder.ts';

/** Says on stdout what each signal asks for; a line on stdin takes the listeners away. */
const program = `
import { listenToSignals } from './src/triggers/signals.ts';
const listening = new AbortController();
listenToSignals({
  rotate: () => console.log('rotate'), reopen: () => console.log('reopen'), reload: () => console.log('reload'),
  stop: (signal, again) => console.log('stop', signal, again),
}, listening.signal);
process.stdin.once('data', () => { listening.abort(); console.log('deaf'); });
console.log('listening');
`;

test('turns each signal into its request, survives SIGPIPE, and gives the signals back', async () => {
  const outfile = `${temporaryFolder()}/program.mjs`;
  await build({
    stdin: { contents: program, resolveDir: process.cwd(), loader: 'ts' },
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' },
  });
  const child = spawn(process.execPath, [outfile], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<unknown> => (await lines.next()).value;
  expect(await nextLine()).toBe('listening');
  child.kill('SIGPIPE');
  const heard: unknown[] = [];
  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGUSR1'] as const) {
    child.kill(signal);
    heard.push(await nextLine());
  }
  expect(heard).toEqual([
    ...['rotate', 'reopen', 'reload'],
    ...['stop SIGTERM false', 'stop SIGINT true', 'stop SIGQUIT true', 'rotate'],
  ]);
  child.stdin.write('\n');
  expect(await nextLine()).toBe('deaf');
  const exited = once(child, 'exit');
  child.kill('SIGHUP');
  expect(await exited).toEqual([null, 'SIGHUP']);
});
