/** The log of the manager: one line per event of at least a given level, with the prefix `alternate | `. */
import type { Event } from '../api/event.ts';
import { printableLines } from '../util/printable.ts';
import type { Paint } from './paint.ts';
import { sentenceOf, type Level, type Sentence } from './sentence.ts';

export const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

const COLOURS = { debug: 'grey', info: null, warn: 'yellow', error: 'red' } as const;

export interface LogOptions {
  readonly level: Level;
  readonly paint: Paint;
  /** Called with whole lines, including the newline. */
  write(text: string): void;
}

export class Log {
  readonly #options: LogOptions;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  onEvent(event: Event): void {
    const { level, text } = sentenceOf(event);
    this.print({ level, text: event.service === null ? text : `${event.service}: ${text}` });
  }

  print({ level, text }: Sentence): void {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(this.#options.level)) return;
    const colour = COLOURS[level];
    for (const line of printableLines(text).split('\n'))
      this.#options.write(`alternate | ${colour === null ? line : this.#options.paint(colour, line)}\n`);
  }
}
