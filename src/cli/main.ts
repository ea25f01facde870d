/** Parses argv and runs one command. Each command is a module of its own, and is loaded only if it is called. */
import { Argument, Command, CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { printMessage } from '../report/console.ts';
import { isClassicForm, unknownCommand } from './classic-form.ts';
import type { ExportKind, ExportOptions } from './commands/export.ts';
import type { EarlySignals } from './run/early-signals.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { GlobalOptions } from './options.ts';
import { stackOf } from './stack.ts';

const AFTER_HELP = `
The classic form runs one service without a file:
  alternate "<command>" <parameters...> <overlap>
  alternate "/srv/app 127.0.0.1:%alt" 3000 3001 15s

Exit codes: 0 done; 1 the request failed; 2 the command line or the configuration is wrong.`;

/** Runs the command in `argv` and returns the exit code. Never throws. */
export async function main(argv: readonly string[], early: EarlySignals): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = describe(early, (result) => {
    code = result;
  });
  const names = ['help', ...program.commands.map((command) => command.name())];
  try {
    if (isClassicForm(argv, names)) {
      const { runClassic } = await import('./commands/classic.ts');
      return await runClassic(argv, early);
    }
    const [word] = program.parseOptions([...argv]).operands;
    if (word !== undefined && !names.includes(word)) {
      printMessage(unknownCommand(word, names));
      return EXIT.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const debug = argv.includes('debug');
    printMessage(`alternate: ${debug && error instanceof Error ? stackOf(error) : String(error)}`);
    return EXIT.failed;
  }
}

/** The command line as `--help` shows it. `done` is called with the exit code of a command. */
export function describe(early: EarlySignals, done: (code: ExitCode) => void): Command {
  const program = new Command('alternate')
    .description(
      'Replaces running servers without losing a request: the new one is ready before the old one stops.',
    )
    .version(packageJson.version, '-V, --version')
    .option('-c, --config <file>', 'the configuration (default: the nearest one in this folder or above)')
    .option('--socket <path>', "the manager's control socket (also $ALTERNATE_SOCKET)")
    .addOption(
      new Option('--log-level <level>', 'the lowest level that the manager logs')
        .choices(['debug', 'info', 'warn', 'error'])
        .default('info'),
    )
    .addHelpText('after', AFTER_HELP)
    .showSuggestionAfterError()
    .exitOverride();
  const options = (): GlobalOptions => program.opts<GlobalOptions>();

  program
    .command('run', { isDefault: true })
    .description('run every service in the foreground (the main job)')
    .action(async () => {
      done(await (await import('./commands/run.ts')).run(options(), early));
    });
  program
    .command('init')
    .description('write a commented starter alternate.config.yaml (never overwrites)')
    .action(async () => {
      done(await (await import('./commands/init.ts')).init(options()));
    });
  program
    .command('validate')
    .description('check configuration and host; report every error with file:line:column, and warnings')
    .option('--strict', 'fail on warnings too')
    .action(async (own: { strict?: boolean }) => {
      done(await (await import('./commands/validate.ts')).validate(options(), own));
    });
  program
    .command('status')
    .argument('[service...]')
    .description('show what runs')
    .option('--json', 'print the status document')
    .option('--watch', 'print the status again after each change')
    .action(async (names: string[], own: { json?: boolean; watch?: boolean }) => {
      done(await (await import('./commands/status.ts')).status(options(), names, own));
    });
  program
    .command('rotate')
    .argument('[service...]')
    .description('rotate and wait for the outcome')
    .option('--all', 'rotate every service that has parameters or onRotate')
    .option('--no-wait', 'do not wait for the outcome')
    .option('--json', 'print the outcome of each service as a line of JSON')
    .action(async (names: string[], own: { all?: boolean; wait: boolean; json?: boolean }) => {
      done(await (await import('./commands/rotate.ts')).rotate(options(), names, own));
    });
  program
    .command('signal')
    .argument('<service>')
    .argument('[signal]', undefined, 'SIGUSR1')
    .description('rotate one service with SIGUSR1, or send another signal to its current instance')
    .action(async (name: string, signal: string) => {
      done(await (await import('./commands/signal.ts')).signal(options(), name, signal));
    });
  for (const [action, description] of Object.entries({
    start: 'start services that are stopped or have failed',
    stop: 'stop services',
    restart: 'stop services, then start them with the same parameter (downtime)',
  }) as ['start' | 'stop' | 'restart', string][]) {
    program
      .command(action)
      .argument('<service...>')
      .description(description)
      .action(async (names: string[]) => {
        done(await (await import('./commands/start-stop-restart.ts')).act(options(), action, names));
      });
  }
  program
    .command('reload')
    .description('read the configuration again (same as SIGHUP to the manager)')
    .option('--json', 'print what was done as JSON')
    .action(async (own: { json?: boolean }) => {
      done(await (await import('./commands/reload.ts')).reload(options(), own));
    });
  program
    .command('events')
    .description('print each event on one line')
    .option('--json', 'print each event as JSON')
    .action(async (own: { json?: boolean }) => {
      done(await (await import('./commands/events.ts')).events(options(), own));
    });
  program
    .command('shutdown')
    .description('stop every service, then the manager')
    .action(async () => {
      done(await (await import('./commands/shutdown.ts')).shutdown(options()));
    });
  program
    .command('export')
    .addArgument(
      new Argument('<kind>').choices(['nginx', 'apache', 'caddy', 'haproxy', 'systemd', 'supervisord']),
    )
    .argument('[service]')
    .description('print the configuration for a proxy or an init system')
    .addOption(
      new Option('--part <part>', 'for nginx: only what belongs in http {}, or in a location').choices([
        'http',
        'location',
      ]),
    )
    .action(async (kind: ExportKind, name: string | undefined, own: ExportOptions) => {
      done(await (await import('./commands/export.ts')).exportPiece(options(), kind, name ?? null, own));
    });
  for (const command of program.commands) command.exitOverride();
  program.hook('preAction', (_program, command) => {
    if (command.name() !== 'run') early.stepBack();
  });
  return program;
}
