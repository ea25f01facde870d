import { afterEach, expect, test, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT } from '../../src/cli/exit-codes.ts';
import { describe as describeCommands, main } from '../../src/cli/main.ts';

const early = { handOver: () => new Set<never>(), stepBack: () => undefined };

/** Runs a command line in this process; what it writes is caught. */
async function run(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  const code = await main(words, early);
  return { code, ...written };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('the exit codes are those of the contract', () => {
  expect(EXIT).toEqual({ done: 0, failed: 1, usage: 2 });
});

test.each([[['--help']], [['-h']], [['help']], [['status', '--help']], [['help', 'rotate']]])(
  '%j is asked for: stdout, 0',
  async (words) => {
    const { code, stdout, stderr } = await run(...words);
    expect({ code, stderr }).toEqual({ code: EXIT.done, stderr: '' });
    expect(stdout).toMatch(/^Usage: alternate /);
  },
);

test.each(['-V', '--version'])('%s', async (option) => {
  expect(await run(option)).toEqual({ code: EXIT.done, stdout: `${packageJson.version}\n`, stderr: '' });
});

test.each([
  [['--nonsense']],
  [['nonsense']],
  [['status', '--nonsense']],
  [['signal']],
  [['start']],
  [['signal', 'web', 'SIGHUP', 'more']],
  [['reload', 'web']],
  [['--config']],
  [['--log-level', 'loud', 'status']],
  [['help', 'nonsense']],
])('%j is wrong: stderr, 2', async (words) => {
  const { code, stdout, stderr } = await run(...words);
  expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' });
  expect(stderr).not.toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('every command has a description, and every option', () => {
  const program = describeCommands(early, () => undefined);
  for (const command of [program, ...program.commands]) {
    expect(command.description()).not.toBe('');
    for (const option of command.options) expect(option.description).not.toBe('');
  }
});
