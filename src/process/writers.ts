/** Finds processes that have a file open for writing. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A descriptor through which a process can write to a watched file. */
export interface Writer {
  readonly pid: string;
  readonly descriptor: string;
  readonly inode: InodeNumber;
}

/** A regular file, identified by stat(2). */
export interface WritableFile {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/** Device and inode, as `64769:131`. */
type InodeNumber = string;

interface Question {
  readonly files: readonly WritableFile[];
  readonly answer: (writer: Writer | null) => void;
}

/** A search blocks the event loop for at most this time without a pause. */
const SLICE_MS = 5;

/** `O_WRONLY | O_RDWR` of open(2). A descriptor without these bits cannot write. */
const WRITE_FLAGS = 0o3;

/** Two hundred services that are deployed together ask at the same time. One search answers all waiting questions. */
let questions: Question[] = [];
let answering = false;

/**
 * Searches /proc/PID/fd for a process that has one of the files open for writing; null if none is found. Best effort:
 * - Only root sees the processes of other users.
 * - A writer on another host, or through a hard link with another name, is not found.
 * - Outside Linux there is no /proc.
 *
 * About 10 µs per descriptor.
 */
export function findWriter(files: readonly WritableFile[]): Promise<Writer | null> {
  if (process.platform !== 'linux') return Promise.resolve(null);
  return new Promise((answer) => {
    questions.push({ files, answer });
    if (!answering) void answerAll();
  });
}

/** Whether a writer that was found before still has the file open. Much cheaper than another search. */
export function isStillWriting({ pid, descriptor, inode }: Writer): boolean {
  return isOpenForWriting(pid, descriptor) && inodeOf(`/proc/${pid}/fd/${descriptor}`) === inode;
}

async function answerAll(): Promise<void> {
  answering = true;
  while (questions.length > 0) {
    await nextTurn();
    const asked = questions;
    questions = [];
    // If a search fails, each question is answered with "none found".
    const writers = await findWriters(asked.flatMap((question) => question.files)).catch(
      () => new Map<InodeNumber, Writer>(),
    );
    for (const { files, answer } of asked) {
      answer(
        files.map((file) => writers.get(inodeNumber(file))).find((writer) => writer !== undefined) ?? null,
      );
    }
  }
  answering = false;
}

async function findWriters(files: readonly WritableFile[]): Promise<ReadonlyMap<InodeNumber, Writer>> {
  const wanted = new Set(files.map(inodeNumber));
  const names = new Set(files.map((file) => realName(file.path)));
  const found = new Map<InodeNumber, Writer>();
  let sliceStart = performance.now();
  for (const pid of listFolder('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of listFolder(`/proc/${pid}/fd`)) {
      const inode = inodeBehind(`/proc/${pid}/fd/${descriptor}`, names);
      if (inode === undefined || !wanted.has(inode) || !isOpenForWriting(pid, descriptor)) continue;
      found.set(inode, { pid, descriptor, inode });
    }
    if (performance.now() - sliceStart > SLICE_MS) {
      await nextTurn();
      sliceStart = performance.now();
    }
  }
  return found;
}

/**
 * The name is compared first: readlink(2) uses only /proc, but stat(2) uses the file's file system. With a descriptor
 * on a dead network mount, stat(2) would hang the manager.
 */
function inodeBehind(link: string, names: ReadonlySet<string>): InodeNumber | undefined {
  try {
    return names.has(basename(readlinkSync(link))) ? inodeOf(link) : undefined;
  } catch {
    return undefined;
  }
}

/** proc_pid_fdinfo(5): the line `flags:` contains the open flags in octal. */
function isOpenForWriting(pid: string, descriptor: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & WRITE_FLAGS) !== 0;
  } catch {
    return false;
  }
}

function inodeNumber(file: WritableFile): InodeNumber {
  return `${String(file.device)}:${String(file.inode)}`;
}

function inodeOf(path: string): InodeNumber | undefined {
  try {
    const stats = statSync(path, { bigint: true });
    return `${String(stats.dev)}:${String(stats.ino)}`;
  } catch {
    return undefined;
  }
}

function realName(path: string): string {
  try {
    return basename(realpathSync.native(path));
  } catch {
    return basename(path);
  }
}

/** Empty if the process has ended meanwhile: its folder disappears with it. */
function listFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
