// Terminals with the times of their lines, as an SVG that plays at the real pace. Colours and positions are plain attributes:
// a viewer without CSS shows the last screen, and so does a reader who wants no motion.
const COLUMNS = 84;
const ROWS = [8, 8, 8];
const LINE = 18;
const PADDING = 12;
const TITLE = 24;
const GAP = 10;
/** Wider than the characters of most monospaced fonts at this size. */
const CHARACTER = 7.9;
const WIDTH = Math.ceil(COLUMNS * CHARACTER) + 2 * PADDING;
/** How long the last screen stays before the picture begins again. */
const HOLD_MS = 7_000;
/** Lines that come within this time are shown together: each moment costs a keyframe. */
const MOMENT_MS = 100;

const LIGHT = {
  pane: '#f6f8fa',
  edge: '#d0d7de',
  text: '#1f2328',
  dim: '#656d76',
  blue: '#0550ae',
  green: '#116329',
  bad: '#cf222e',
};
const DARK: typeof LIGHT = {
  pane: '#161b22',
  edge: '#30363d',
  text: '#e6edf3',
  dim: '#8b949e',
  blue: '#79c0ff',
  green: '#7ee787',
  bad: '#ff7b72',
};
/** A rule wins over an attribute, in viewers that have both. */
const DARK_RULES = Object.entries(DARK)
  .filter(([name]) => name !== 'pane' && name !== 'edge')
  .map(([name, colour]) => `.${name} { fill: ${colour} }`);

/** `at` in milliseconds from the beginning of the recording. */
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
  readonly rows: number;
  readonly top: number;
  readonly height: number;
  /** Of the whole recording, in ms. */
  readonly duration: number;
  /** Where its animations are added. */
  readonly rules: string[];
}

/** What stands out in a line: the colour, whether it is bold, and where it is. */
const MARKS: readonly (readonly [colour: keyof typeof LIGHT, isBold: boolean, pattern: RegExp])[] = [
  ['text', true, /^(?:\$ .*|\^C)$/],
  ['dim', false, /^(?:alternate|\S+:\S+) \|/],
  ['green', true, /\b0 failed/],
  ['bad', false, /\b[1-9]\d* failed[^)]*\)?|SIGKILL/],
  ['blue', false, /\bblue(?: \d+| \(pid \d+\))?/],
  ['green', false, /\bgreen(?: \d+| \(pid \d+\))?/],
];

/**
 * @param title what the picture shows, for people who do not see it
 * @param beginsAt what was written until then stands there from the first frame on
 */
export function pictureOf(title: string, terminals: readonly Terminal[], beginsAt: number): string {
  const screens = terminals.map(({ name, lines }, index) => {
    const rows = ROWS[index] ?? 0;
    return { name, rows, lines: shown(lines, beginsAt, rows) };
  });
  const lastAt = Math.max(...screens.flatMap(({ lines }) => lines.map(({ at }) => at)));
  const duration = lastAt + HOLD_MS;
  const rules: string[] = [];
  let top = 0;
  const panes = screens.map(({ name, rows, lines }, index) => {
    const height = rows * LINE + TITLE + PADDING;
    const pane = paneOf({ name, lines, index, rows, top, height, duration, rules });
    top += height + GAP;
    return pane;
  });
  const height = top - GAP;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">
<title>${escaped(title)}</title>
<style>
  @media (prefers-color-scheme: dark) {
    .pane { fill: ${DARK.pane}; stroke: ${DARK.edge} } ${DARK_RULES.join(' ')}
  }
  @media (prefers-reduced-motion: no-preference) {
${rules.map((rule) => `    ${rule}`).join('\n')}
  }
</style>
${panes.join('\n')}
</svg>
`;
}

/** What is seen of a terminal: from the screen of the first frame on, with times from that frame. */
function shown(lines: readonly Line[], beginsAt: number, rows: number): Line[] {
  const moments = lines.flatMap(wrapped).map(({ at, text }) => ({
    at: Math.ceil(Math.max(0, at - beginsAt) / MOMENT_MS) * MOMENT_MS,
    text,
  }));
  const before = moments.filter(({ at }) => at === 0).length;
  return moments.slice(Math.max(0, before - rows));
}

/** As a terminal breaks a line that is too long. */
function wrapped({ at, text }: Line): Line[] {
  const pieces = text.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [''];
  return pieces.map((piece) => ({ at, text: piece }));
}

/** Without its animations it shows its last lines. */
function paneOf({ name, lines, index, rows, top, height, duration, rules }: Pane): string {
  const percent = (at: number) => `${((100 * at) / duration).toFixed(1)}%`;
  const animate = (id: string, frames: readonly string[]) => {
    rules.push(`@keyframes ${id} { ${frames.join(' ')} }`);
    rules.push(`#${id} { animation: ${id} ${(duration / 1_000).toFixed(1)}s step-end infinite }`);
  };
  const scrolls = new Map([
    [0, 0],
    ...lines.map(({ at }, line) => [at, Math.max(0, line + 1 - rows) * LINE] as const),
  ]);
  const scroll = [...scrolls.values()].at(-1) ?? 0;
  const steps = [...scrolls].filter(([, by], step, all) => step === 0 || by !== all[step - 1]?.[1]);
  if (steps.length > 1)
    animate(
      `p${index}`,
      steps.map(([at, by]) => `${percent(at)} { transform: translateY(${-by}px) }`),
    );
  // Those that come later lie below the pane's edge until it scrolls.
  const appearing = lines.slice(0, rows).map(({ at }, line) => ({ at, id: `p${index}-${line}` }));
  for (const { at, id } of appearing)
    if (at > 0) animate(id, ['0% { opacity: 0 }', `${percent(at)} { opacity: 1 }`]);
  const texts = lines.map(({ text }, line) => {
    const appears = appearing[line];
    const id = appears !== undefined && appears.at > 0 ? ` id="${appears.id}"` : '';
    return `<text${id} x="${PADDING}" y="${line * LINE + 13}" xml:space="preserve">${marked(text)}</text>`;
  });
  return `<rect class="pane" fill="${LIGHT.pane}" stroke="${LIGHT.edge}" x="0.5" y="${top + 0.5}" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
<text class="dim" fill="${LIGHT.dim}" x="${PADDING}" y="${top + 17}">${escaped(name)}</text>
<svg y="${top + TITLE}" width="${WIDTH}" height="${rows * LINE}">
<g id="p${index}" class="text" fill="${LIGHT.text}"${scroll > 0 ? ` transform="translate(0 ${-scroll})"` : ''}>
${texts.join('\n')}
</g>
</svg>`;
}

function marked(text: string): string {
  const any = new RegExp(MARKS.map(([, , pattern]) => `(${pattern.source})`).join('|'), 'g');
  let from = 0;
  let line = '';
  for (const match of text.matchAll(any)) {
    const [colour, isBold] = MARKS.find((_mark, index) => match[index + 1] !== undefined) ?? ['text', false];
    const bold = isBold ? ' font-weight="bold"' : '';
    line += escaped(text.slice(from, match.index));
    line += `<tspan class="${colour}" fill="${LIGHT[colour]}"${bold}>${escaped(match[0])}</tspan>`;
    from = match.index + match[0].length;
  }
  return line + escaped(text.slice(from));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
