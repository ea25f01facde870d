/** The terminal of a command: what was asked for goes to stdout, what is said to a person to stderr. */
import { printableLines } from '../util/printable.ts';
import { isLively, painter, type Colour, type Paint } from './paint.ts';

const closings = new Map<NodeJS.WriteStream, Promise<void>>();

/** Without a listener Node would throw when nobody reads any more. */
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

/** Resolves when whoever reads stdout has gone away (`| head`); what is printed after that is lost, quietly. */
export function stdoutClosed(): Promise<void> {
  return closingOf(process.stdout);
}

/** Writes to stdout. A reader that goes away ends the output, not the command. */
export function print(text: string): void {
  void closingOf(process.stdout);
  process.stdout.write(text);
}

/** Writes lines to stderr; what could move the cursor of a terminal is escaped. */
export function tell(text: string, colour?: Colour): void {
  void closingOf(process.stderr);
  const shown = printableLines(text);
  process.stderr.write(`${colour === undefined ? shown : stderrPaint()(colour, shown)}\n`);
}

export function stdoutPaint(): Paint {
  return painter(isLively(process.stdout, process.env));
}

/** Columns of the terminal that stdout is; null if it is none. */
export function stdoutWidth(): number | null {
  // A pseudo terminal without a size says 0.
  return process.stdout.isTTY && process.stdout.columns > 0 ? process.stdout.columns : null;
}

export function stderrPaint(): Paint {
  return painter(isLively(process.stderr, process.env));
}

/** A line on stderr that is drawn over and over; on anything but a lively terminal nothing of it is seen. */
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
      // A line that wraps would take more rows than are cleared again.
      const width = process.stderr.columns > 1 ? process.stderr.columns - 1 : undefined;
      const rows = text.split('\n').map((row) => row.slice(0, width));
      process.stderr.write(`${rows.join('\n')}\n`);
      drawn = rows.length;
    },
    clear,
  };
}

/** Draws whole screens anew from their top left corner; where stdout is not `lively`, the texts are appended. */
export function liveScreen(): { readonly lively: boolean; draw(text: string): void } {
  const lively = isLively(process.stdout, process.env);
  return {
    lively,
    draw(text) {
      print(lively ? `\u001b[H\u001b[2J${text}` : text);
    },
  };
}
