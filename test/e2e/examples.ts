/** The examples of this repository, in a folder of their own and on free ports. */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Alternate, bin, freePorts, temporaryFolder } from '../support/alternate.ts';
import { forgetExplanations } from '../support/until.ts';

const examples = path.resolve(import.meta.dirname, '../../examples');

/** Whether a program is on this machine; tests that need one that is not are skipped. */
export function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface Example {
  /** Where its files are. */
  readonly folder: string;
  /** Where the proxy listens; in the repository 8080. */
  readonly port: number;
  /** Where the instances listen, which are also their parameters; in the repository 8081 and 8082. */
  readonly parameters: readonly [string, string];
}

/** A copy of `examples/NAME`, with what it shares with others. All of it goes when the test ends. */
export async function exampleOf(name: string): Promise<Example> {
  const folder = temporaryFolder();
  onTestFinished(() => {
    folder.remove();
    forgetExplanations();
  });
  // As root, proxies serve as somebody else, who must be able to see the route's files.
  chmodSync(folder.path, 0o755);
  symlinkSync(path.dirname(bin), path.join(folder.path, 'bin'));
  const ports = (await freePorts(3)).map(String);
  const [port = '', first = '', second = ''] = ports;
  for (const part of ['first', name]) {
    const to = path.join(folder.path, 'examples', part);
    cpSync(path.join(examples, part), to, {
      recursive: true,
      filter: (source) => path.basename(source) !== 'state',
    });
    for (const file of readdirSync(to)) replacePorts(path.join(to, file), [port, first, second]);
  }
  return {
    folder: path.join(folder.path, 'examples', name),
    port: Number(port),
    parameters: [first, second],
  };
}

function replacePorts(file: string, ports: readonly string[]): void {
  if (!statSync(file).isFile()) return;
  const text = ports.reduce(
    (before, port, index) => before.replaceAll(String(8080 + index), port),
    readFileSync(file, 'utf8'),
  );
  writeFileSync(file, text.replace('overlap: 2s', 'overlap: 500ms'));
}

/** Runs the example as its first lines say; it is ended with the test. */
export function startExample({ folder }: Example): Alternate {
  const config = path.join(folder, 'alternate.config.yaml');
  // Found by --socket, and not in a folder that all tests share.
  const env = { ALTERNATE_SOCKET: path.join(folder, 'control.sock') };
  const words = ['--config', config, '--socket', env.ALTERNATE_SOCKET];
  const alternate = new Alternate(words, { cwd: path.dirname(path.dirname(folder)), env });
  onTestFinished(() => alternate.discard());
  return alternate;
}
