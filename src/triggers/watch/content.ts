/** Reads the content of the watched files. */
import { open, type FileHandle } from 'node:fs/promises';
import { READ_WITHOUT_WAITING } from '../../util/regular-file.ts';
import type { Content } from './decide.ts';
import { fileIdentity, type Inspection, type StatIdentity, type WatchedFile } from './stat-identity.ts';

/** Large enough for the full speed of SHA-256, and small enough to block the event loop for less than a millisecond. */
const CHUNK_BYTES = 256 * 1024;

/** Many services often run one program. Each file is read once, no matter how many watches need it. */
const hashes = new Map<StatIdentity, Promise<Content | null>>();
const MAX_HASHES = 10_000;

/** Errors that depend on the machine at this moment and not on the file: the file is read again later. */
const TEMPORARY_ERRORS: readonly unknown[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];

/**
 * The content of all files together, with the places to which links lead. Null if a file changed or disappeared while
 * it was read. For a file that may be executed but not read, its inode, size and modification time count instead.
 */
export async function contentOf({
  files,
  places,
}: Pick<Inspection, 'files' | 'places'>): Promise<Content | null> {
  // Loaded here because it takes milliseconds: the first launch does not wait for it.
  const { createHash } = await import('node:crypto');
  const whole = createHash('sha256').update(places);
  for (const file of files) {
    const content = await rememberedHash(file);
    if (content === null) return null;
    whole.update(`${file.label}\0${content}\n`);
  }
  return whole.digest('hex');
}

function rememberedHash(file: WatchedFile): Promise<Content | null> {
  const known = hashes.get(file.identity);
  if (known !== undefined) return known;
  const [oldest] = hashes.keys();
  if (oldest !== undefined && hashes.size >= MAX_HASHES) hashes.delete(oldest);
  const hash = hashOf(file).then((content) => {
    if (content === null) hashes.delete(file.identity);
    return content;
  });
  hashes.set(file.identity, hash);
  return hash;
}

async function hashOf(file: WatchedFile): Promise<Content | null> {
  let handle: FileHandle | undefined;
  try {
    // If a FIFO has replaced the file, its inode differs, so it is not read.
    handle = await open(file.path, READ_WITHOUT_WAITING);
    const isSame = async (opened: FileHandle): Promise<boolean> =>
      fileIdentity(await opened.stat({ bigint: true })) === file.identity;
    if (!(await isSame(handle))) return null;
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { size } = await handle.stat();
    // The size is the limit: a file that grows as fast as it is read has no end.
    for (let length = 0; length <= size;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return (await isSame(handle)) ? hash.digest('hex') : null;
  } catch (error) {
    return isNoEntry(error) || isTemporary(error) ? null : withoutChangeTime(file.identity);
  } finally {
    // Nothing was written, so an error has no consequence.
    await handle?.close().catch(() => undefined);
  }
}

function isNoEntry(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function isTemporary(error: unknown): boolean {
  return error instanceof Error && 'code' in error && TEMPORARY_ERRORS.includes(error.code);
}

/** The change time is the last part. A chmod sets it, and a chmod is not a change of content. */
function withoutChangeTime(identity: StatIdentity): Content {
  return identity.slice(0, identity.lastIndexOf(':'));
}
