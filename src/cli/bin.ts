/**
 * The entry. Its first statement takes the signals to the manager: SIGUSR1 is Node's own for opening the debugger, and
 * the others would end a manager that starts. Nothing heavy may be imported before that.
 */
import { rememberSignals } from './run/early-signals.ts';

const early = rememberSignals();
// The entry's shell is process 1, and holds signals back until now.
if (process.env['ALTERNATE_TELLS_PARENT'] !== undefined) {
  Reflect.deleteProperty(process.env, 'ALTERNATE_TELLS_PARENT');
  process.kill(process.ppid, 'SIGCONT');
}

if (process.platform === 'win32') {
  process.stderr.write(
    'alternate needs Linux or macOS: it works with signals and process groups, which Windows lacks.\n',
  );
  process.exitCode = 1;
} else {
  process.once('beforeExit', () => {
    process.stderr.write(
      'alternate: nothing is left to wait for: the configuration awaits what never comes\n',
    );
    process.exit(2);
  });
  void import('./main.ts').then(async ({ main }) => {
    const code = await main(process.argv.slice(2), early);
    // What was printed reaches its reader first; then nothing that still ticks (chokidar's timers) delays the end.
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
