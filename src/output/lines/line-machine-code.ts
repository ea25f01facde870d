/** Assembles the WebAssembly code of the line machine. */

/** The part of WebAssembly's JavaScript interface that is used here. The types of Node.js do not contain it. */
export interface WebAssemblyModule {
  readonly Memory: new (limits: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: object,
  ) => { readonly exports: { interleave: Interleave } };
}

/** The numbers are addresses and lengths in bytes; `isBare` is 1 or 0. Returns the end of the copy. */
type Interleave = (
  from: number,
  end: number,
  to: number,
  prefix: number,
  length: number,
  isBare: number,
) => number;

// The parameters and variables of the function.
const [FROM, END, TO, PREFIX, LENGTH, IS_BARE, COUNT, WORD] = [0, 1, 2, 3, 4, 5, 6, 7] as const;

// Instructions, with their numbers in the WebAssembly Core Specification, section 5.4.
const I32 = 0x7f;
const I64 = 0x7e;
const BLOCK = [0x02, 0x40];
const LOOP = [0x03, 0x40];
const IF = [0x04, 0x40];
const ELSE = 0x05;
const FINISH = 0x0b;
const BRANCH = 0x0c;
const BRANCH_IF = 0x0d;
const LOAD_64 = [0x29, 0, 0];
const STORE_32 = [0x36, 0, 0];
const STORE_64 = [0x37, 0, 0];
const IS_ZERO_32 = 0x45;
const LESS = 0x49;
const GREATER = 0x4b;
const NOT_LESS = 0x4f;
const IS_ZERO_64 = 0x50;
const ADD = 0x6a;
const SUBTRACT = 0x6b;
const SHIFT_RIGHT = 0x76;
const COUNT_TRAILING_ZEROS_64 = 0x7a;
const SUBTRACT_64 = 0x7d;
const AND_64 = 0x83;
const XOR_64 = 0x85;
const LOW_HALF = 0xa7;

const get = (variable: number): number[] => [0x20, variable];
const set = (variable: number): number[] => [0x21, variable];
const keep = (variable: number): number[] => [0x22, variable];
const number32 = (value: number): number[] => [0x41, ...signed(BigInt(value))];
const number64 = (value: bigint): number[] => [0x42, ...signed(BigInt.asIntN(64, value))];
const increase = (variable: number, by: number[]): number[] => [
  ...get(variable),
  ...by,
  ADD,
  ...set(variable),
];

// `LineTask` describes this loop. Eight bytes are copied and tested together. The bytes after a newline are copied
// again with their own line. The newline is found as in "Determine if a word has a byte equal to n" (Sean Anderson, Bit
// Twiddling Hacks). The lowest byte that this test marks is always a newline.
const BODY = (unreadAt: number): number[] => [
  ...BLOCK,
  ...LOOP, // one line
  ...[...get(FROM), ...get(END), NOT_LESS, BRANCH_IF, 1],
  ...[...get(IS_BARE), IS_ZERO_32, ...IF],
  ...[...get(TO), ...get(LENGTH), ADD, ...number32(8), ADD, ...get(FROM), GREATER, BRANCH_IF, 2],
  ...[...number32(0), ...set(COUNT)],
  ...LOOP, // eight bytes of the prefix
  ...[...get(TO), ...get(COUNT), ADD, ...get(PREFIX), ...get(COUNT), ADD, ...LOAD_64, ...STORE_64],
  ...[...get(COUNT), ...number32(8), ADD, ...keep(COUNT), ...get(LENGTH), LESS, BRANCH_IF, 0],
  FINISH,
  ...increase(TO, get(LENGTH)),
  FINISH,
  ...[...number32(0), ...set(IS_BARE)],
  ...LOOP, // eight bytes of the line
  ...[...get(TO), ...get(FROM), ...LOAD_64, ...keep(WORD), ...STORE_64],
  ...[...get(WORD), ...number64(0x0a0a0a0a0a0a0a0an), XOR_64, ...keep(WORD)],
  ...[...number64(0x0101010101010101n), SUBTRACT_64, ...get(WORD), ...number64(-1n), XOR_64, AND_64],
  ...[...number64(0x8080808080808080n), AND_64, ...keep(WORD), IS_ZERO_64, ...IF],
  ...[...increase(FROM, number32(8)), ...increase(TO, number32(8))],
  ...[...get(FROM), ...get(END), LESS, BRANCH_IF, 1],
  ELSE,
  ...[...get(WORD), COUNT_TRAILING_ZEROS_64, LOW_HALF, ...number32(3), SHIFT_RIGHT],
  ...[...number32(1), ADD, ...set(COUNT), ...increase(FROM, get(COUNT)), ...increase(TO, get(COUNT))],
  FINISH,
  FINISH,
  ...[...get(FROM), ...get(END), GREATER, ...IF], // went beyond the end: back again
  ...[...get(TO), ...get(FROM), ...get(END), SUBTRACT, SUBTRACT, ...set(TO), ...get(END), ...set(FROM)],
  FINISH,
  ...[BRANCH, 0],
  FINISH,
  FINISH,
  ...[...number32(unreadAt), ...get(FROM), ...STORE_32],
  ...get(TO),
  FINISH,
];

/** The module with its one function `interleave`, which stores the address of the unread lines at `unreadAt`. */
export function assemble(unreadAt: number): Uint8Array {
  const code = [
    ...vector([
      [1, I32],
      [1, I64],
    ]),
    ...BODY(unreadAt),
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, ...vector(Array.from({ length: 6 }, () => [I32])), ...vector([[I32]])]),
    ...section(2, [...name('environment'), ...name('memory'), 0x02, 0x00, 1]),
    ...section(3, [0]),
    ...section(7, [...name('interleave'), 0x00, 0]),
    ...section(10, [...unsigned(code.length), ...code]),
  ]);
}

/** A section of the module with one entry. */
function section(id: number, entry: readonly number[]): number[] {
  return [id, ...unsigned(entry.length + 1), 1, ...entry];
}

function vector(entries: readonly number[][]): number[] {
  return [...unsigned(entries.length), ...entries.flat()];
}

function name(text: string): number[] {
  return [...unsigned(text.length), ...Buffer.from(text)];
}

/** LEB128: seven bits per byte. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: bigint): number[] {
  const byte = Number(BigInt.asUintN(7, value));
  const rest = value >> 7n;
  const isLast = rest === ((byte & 0x40) === 0 ? 0n : -1n);
  return isLast ? [byte] : [byte | 0x80, ...signed(rest)];
}
