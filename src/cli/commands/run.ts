/** `alternate run`. */
import path from 'node:path';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import { defaultSocketPath } from '../../control/socket-path.ts';
import { describeWarnings, loadRequested } from '../configuration.ts';
import type { EarlySignals } from '../run/early-signals.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { clientCommand } from '../client/invocation.ts';
import type { GlobalOptions } from '../options.ts';
import { supervise } from '../run/supervise.ts';

/** Runs the services of a configuration until the manager stops. */
export async function run(options: GlobalOptions, early: EarlySignals): Promise<ExitCode> {
  const found = await loadRequested(options);
  if (found === null) return EXIT.usage;
  const { config, file } = found;
  const usual = defaultSocketPath(path.resolve(file));
  const socket = socketOf(config, options.socket, usual);
  return await supervise(
    {
      config,
      logLevel: options.logLevel,
      socket,
      load: () => loadConfig({ file, cwd: process.cwd() }),
      rosterFile: `${socket ?? usual}.running`,
      warnings: describeWarnings(found.loaded),
      welcome: welcome(config, socket !== null, { ...options, file }),
    },
    early,
  );
}

/** `--socket` has priority over the file. Without it, `control.socket: false` means that there is no socket. */
function socketOf({ control }: Config, asked: string | undefined, usual: string): string | null {
  if (asked !== undefined) return asked;
  return control === null ? null : (control.path ?? usual);
}

function welcome(
  { services }: Config,
  isReachable: boolean,
  { config, socket, file }: GlobalOptions & { readonly file: string },
): string | null {
  const [first] = services;
  if (first === undefined) return null;
  const client = clientCommand(
    { entry: process.argv[1] ?? '', cwd: process.cwd(), env: process.env },
    { file, isNamed: config !== undefined, socket },
  );
  const ways = [
    ...(isReachable ? [`${client} rotate ${first.name}`] : []),
    `kill -USR1 ${process.pid} (every service that has parameters or onRotate)`,
    ...(services.some(({ watch }) => watch.length > 0) ? ['replace a watched file'] : []),
  ];
  return `to rotate: ${ways.join(', or ')}`;
}
