/**
 * The entry. Its first statement handles the signals to the manager: SIGUSR1 would open the debugger of Node.js, and
 * the others would end a manager that starts. Only small modules may be imported before that.
 */
import { rememberSignals } from './run/early-signals.ts';

const early = rememberSignals();
// If the entry's shell is process 1, it holds signals back until this SIGCONT.
if (process.env['ALTERNATE_TELLS_PARENT'] !== undefined) {
  Reflect.deleteProperty(process.env, 'ALTERNATE_TELLS_PARENT');
  process.kill(process.ppid, 'SIGCONT');
}

if (process.platform === 'win32') {
  process.stderr.write(
    'alternate needs Linux or macOS. It uses signals and process groups, and Windows does not have them.\n',
  );
  process.exitCode = 1;
} else {
  process.once('beforeExit', () => {
    process.stderr.write(
      'alternate: the configuration cannot be loaded: it awaits something that never happens. Check each `await` outside of functions\n',
    );
    process.exit(2);
  });
  void import('./main.ts').then(async ({ main }) => {
    const code = await main(process.argv.slice(2), early);
    // The output reaches its reader first. `exit` then ends timers that would delay the end (chokidar's).
    await Promise.all([process.stdout, process.stderr].map(written));
    process.exit(code);
  });
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else
      stream.write('', () => {
        resolve();
      });
  });
}
