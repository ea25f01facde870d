// Lines with their times as an SVG that plays at the pace at which they came, and is a still of its last screen for those
// who want no motion.
const COLUMNS = 84;
const ROWS = [7, 8, 8];
const LINE = 18;
const PADDING = 12;
const TITLE = 24;
const GAP = 10;
/** Wider than the characters of most monospaced fonts at this size. */
const CHARACTER = 7.9;
const WIDTH = Math.ceil(COLUMNS * CHARACTER) + 2 * PADDING;
/** How long the last screen stays before it begins again. */
const HOLD_MS = 10_000;

const STYLE = `
  svg { --pane: #f6f8fa; --edge: #d0d7de; --text: #1f2328; --dim: #656d76; --blue: #0550ae; --green: #116329; --bad: #cf222e }
  @media (prefers-color-scheme: dark) {
    svg { --pane: #161b22; --edge: #30363d; --text: #e6edf3; --dim: #8b949e; --blue: #79c0ff; --green: #7ee787; --bad: #ff7b72 }
  }
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: var(--text); white-space: pre }
  .pane { fill: var(--pane); stroke: var(--edge) }
  .dim { fill: var(--dim) } .blue { fill: var(--blue) } .green { fill: var(--green) } .bad { fill: var(--bad) }
  .good, .typed { font-weight: bold } .good { fill: var(--green) }`;

/** `at` in milliseconds from the beginning. */
export interface Line {
  readonly at: number;
  readonly text: string;
}

export interface Terminal {
  readonly name: string;
  readonly lines: readonly Line[];
}

interface Pane extends Terminal {
  readonly index: number;
  readonly top: number;
  readonly height: number;
  /** Of the whole recording, in ms. */
  readonly duration: number;
  /** Where its animations are added. */
  readonly styles: string[];
}

/** What stands out in a line. */
const MARKS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['typed', /^(?:\$ .*|\^C)$/],
  ['dim', /^(?:alternate|\S+:\S+) \|/],
  ['good', /\b0 failed/],
  ['bad', /\b[1-9]\d* failed[^)]*\)?|SIGKILL/],
  ['blue', /\bblue(?: \d+| \(pid \d+\))?/],
  ['green', /\bgreen(?: \d+| \(pid \d+\))?/],
];

export function pictureOf(terminals: readonly Terminal[]): string {
  const screens = terminals.map(({ name, lines }) => ({ name, lines: lines.flatMap(wrapped) }));
  const lastAt = Math.max(...screens.flatMap(({ lines }) => lines.map(({ at }) => at)));
  const duration = lastAt + HOLD_MS;
  const styles: string[] = [];
  let top = 0;
  const panes = screens.map(({ name, lines }, index) => {
    const height = rowsOf(index) * LINE + TITLE + PADDING;
    const pane = paneOf({ name, lines, index, top, height, duration, styles });
    top += height + GAP;
    return pane;
  });
  const height = top - GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">
<title>npm start in one terminal; a load in a second one, with no failed request; ten rotations and a kill in a third one</title>
<style>${STYLE}
  @media (prefers-reduced-motion: no-preference) {
${styles.map((style) => `    ${style}`).join('\n')}
  }
</style>
${panes.join('\n')}
</svg>
`;
}

function rowsOf(index: number): number {
  return ROWS[index] ?? 0;
}

/** As a terminal breaks a line that is too long. */
function wrapped({ at, text }: Line): Line[] {
  const pieces = text.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [''];
  return pieces.map((piece) => ({ at, text: piece }));
}

/** Without its animations it shows its last lines. */
function paneOf({ name, lines, index, top, height, duration, styles }: Pane): string {
  const rows = rowsOf(index);
  const percent = (at: number) => `${((100 * at) / duration).toFixed(2)}%`;
  const animate = (selector: string, keyframes: string, id: string) => {
    styles.push(`@keyframes ${id} { ${keyframes} }`);
    styles.push(`${selector} { animation: ${id} ${(duration / 1_000).toFixed(1)}s step-end infinite }`);
  };
  const scrolls = lines
    .map(({ at }, line) => ({ at, by: Math.max(0, line + 1 - rows) * LINE }))
    .filter(({ by }) => by > 0);
  const scroll = scrolls.at(-1)?.by ?? 0;
  if (scroll > 0) {
    const steps = scrolls.map(({ at, by }) => `${percent(at)} { transform: translateY(${-by}px) }`);
    animate(`#p${index}`, `0% { transform: none } ${steps.join(' ')}`, `scroll-${index}`);
  }
  // Those that come later lie below the pane's edge until it scrolls.
  lines.slice(0, rows).forEach(({ at }, line) => {
    animate(`#p${index}-${line}`, `0% { opacity: 0 } ${percent(at)} { opacity: 1 }`, `line-${index}-${line}`);
  });
  const texts = lines.map(({ text }, line) => {
    const id = line < rows ? ` id="p${index}-${line}"` : '';
    return `<text${id} x="${PADDING}" y="${line * LINE + 13}" xml:space="preserve">${marked(text)}</text>`;
  });
  const moved = scroll > 0 ? ` style="transform: translateY(${-scroll}px)"` : '';
  return `<rect class="pane" x="0.5" y="${top + 0.5}" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
<text class="dim" x="${PADDING}" y="${top + 17}">${name}</text>
<svg y="${top + TITLE}" width="${WIDTH}" height="${rows * LINE}">
<g id="p${index}"${moved}>
${texts.join('\n')}
</g>
</svg>`;
}

function marked(text: string): string {
  const any = new RegExp(MARKS.map(([, pattern]) => `(${pattern.source})`).join('|'), 'g');
  let from = 0;
  let line = '';
  for (const match of text.matchAll(any)) {
    const kind = MARKS.find((_mark, index) => match[index + 1] !== undefined)?.[0] ?? '';
    line += `${escaped(text.slice(from, match.index))}<tspan class="${kind}">${escaped(match[0])}</tspan>`;
    from = match.index + match[0].length;
  }
  return line + escaped(text.slice(from));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
