/** The terminal of a command: what was asked for goes to stdout, what is said to a person to stderr. */
import { isLively, painter, type Paint } from './paint.ts';

/** Writes to stdout. A reader that goes away (`| head`) ends the output, not the command. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Writes a line to stderr. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function stdoutPaint(): Paint {
  return painter(isLively(process.stdout, process.env));
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
      process.stderr.write(`${text}\n`);
      drawn = text.split('\n').length;
    },
    clear,
  };
}

/** Draws a whole screen anew, from its top left corner; where that does not suit stdout, the text is appended. */
export function redraw(text: string): void {
  print(isLively(process.stdout, process.env) ? `\u001b[H\u001b[2J${text}` : text);
}
