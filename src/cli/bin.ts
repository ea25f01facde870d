/**
 * The entry. Its first statement takes SIGUSR1, which is Node's own signal for opening the debugger: from here on it is
 * remembered, and whoever takes over gets the count. Nothing heavy may be imported before that.
 */
let remembered = 0;
const remember = (): void => {
  remembered += 1;
};
process.on('SIGUSR1', remember);

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
    const code = await main(process.argv.slice(2), {
      takeOver() {
        process.off('SIGUSR1', remember);
        return remembered;
      },
    });
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

export {};
