/** The terminal of a command. Results go to stdout, messages for people go to stderr. */
import { printableLines } from '../util/printable.ts';
import { isLively, painter, type Colour, type Paint } from './paint.ts';

const closings = new Map<NodeJS.WriteStream, Promise<void>>();

/** Resolves when a stream fails. Without a listener, Node.js would throw when the reader is gone. */
function closingOf(stream: NodeJS.WriteStream): Promise<void> {
  const known = closings.get(stream);
  if (known !== undefined) return known;
  const closing = new Promise<void>((resolve) => {
    stream.on('error', () => {
      resolve();
    });
  });
  closings.set(stream, closing);
  return closing;
}

/** Resolves when the reader of stdout is gone (`| head`). What is printed after that is discarded silently. */
export function stdoutClosed(): Promise<void> {
  return closingOf(process.stdout);
}

/** Writes to stdout. If the reader goes away, the output ends, but the command does not. */
export function print(text: string): void {
  void closingOf(process.stdout);
  process.stdout.write(text);
}

/** Writes lines to stderr. Control characters are escaped, because they could move the cursor of a terminal. */
export function printMessage(text: string, colour?: Colour): void {
  void closingOf(process.stderr);
  const shown = printableLines(text);
  process.stderr.write(`${colour === undefined ? shown : stderrPaint()(colour, shown)}\n`);
}

export function stdoutPaint(): Paint {
  return painter(isLively(process.stdout, process.env));
}

/** The columns of the terminal at stdout. Null if stdout is not a terminal. */
export function stdoutWidth(): number | null {
  // A pseudo terminal without a size reports 0 columns.
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : null;
}

export function stderrPaint(): Paint {
  return painter(isLively(process.stderr, process.env));
}

/** Lines on stderr that are drawn again and again. Nothing is drawn if stderr is not a terminal that can do this. */
export function liveLine(): { show(text: string): void; clear(): void } {
  const lively = isLively(process.stderr, process.env);
  let drawn = 0;
  const clear = (): void => {
    if (drawn > 0) process.stderr.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  return {
    show(text) {
      if (!lively) return;
      clear();
      // A line that wraps takes more rows than `clear` removes.
      const width = process.stderr.columns > 1 ? process.stderr.columns - 1 : undefined;
      const rows = text.split('\n').map((row) => row.slice(0, width));
      process.stderr.write(`${rows.join('\n')}\n`);
      drawn = rows.length;
    },
    clear,
  };
}

/** Draws whole screens from the top left corner. If stdout is not `lively`, the texts are appended. */
export function liveScreen(): { readonly lively: boolean; draw(text: string): void } {
  const lively = isLively(process.stdout, process.env);
  return {
    lively,
    draw(text) {
      print(lively ? `\u001b[H\u001b[2J${text}` : text);
    },
  };
}
