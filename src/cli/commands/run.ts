import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/types.ts';
import { defaultSocketPath } from '../../control/socket-path.ts';
import { describeWarnings, loadRequested } from '../configuration.ts';
import type { EarlySignals } from '../early-signals.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { GlobalOptions } from '../main.ts';
import { supervise } from '../supervise.ts';

/** `alternate [run]`: the main job. */
export async function run(options: GlobalOptions, early: EarlySignals): Promise<ExitCode> {
  const found = await loadRequested(options);
  if (found === null) return EXIT.usage;
  const { config, file } = found;
  const socket = socketOf(config, options.socket);
  return await supervise(
    {
      config,
      logLevel: options.logLevel,
      socket,
      load: () => loadConfig({ file, cwd: process.cwd() }),
      rosterFile: `${socket ?? defaultSocketPath(config.path ?? file)}.running`,
      warnings: describeWarnings(found.loaded),
      welcome: welcome(config),
    },
    early,
  );
}

/** `--socket` wins over the file, as options do; `control.socket: false` means none all the same without it. */
function socketOf({ control, path }: Config, asked: string | undefined): string | null {
  if (asked !== undefined) return asked;
  if (control === null || path === null) return null;
  return control.path ?? defaultSocketPath(path);
}

function welcome({ services, control }: Config): string | null {
  const [first] = services;
  if (first === undefined) return null;
  const ways = [
    ...(control === null ? [] : [`npx alternate rotate ${first.name}`]),
    `kill -USR1 ${process.pid} (every service)`,
    ...(services.some(({ watch }) => watch.length > 0) ? ['replacing a watched file'] : []),
  ];
  return `rotate by: ${ways.join(', or by ')}`;
}
