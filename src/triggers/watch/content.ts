import { open, type FileHandle } from 'node:fs/promises';
import { READ_WITHOUT_WAITING } from '../../util/regular-file.ts';
import type { Content } from './decide.ts';
import { fileIdentity, type Inspection, type StatIdentity, type WatchedFile } from './stat-identity.ts';

/** Big enough to keep SHA-256 busy, small enough not to hold the event loop for more than a millisecond. */
const chunkBytes = 256 * 1024;

/** One artefact often feeds many services: each file is read once, however many watches ask. */
const hashes = new Map<StatIdentity, Promise<Content | null>>();
const maximumHashes = 10_000;

/** The machine has no room at this moment, which says nothing about the file: it is read again later. */
const passingTrouble: readonly unknown[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'];

/**
 * The content of all files together and where links lead to them, or null when one of them changed (or went) while it was read. A file that
 * may be executed but not read counts by its inode, size and modification time instead.
 */
export async function contentOf({
  files,
  places,
}: Pick<Inspection, 'files' | 'places'>): Promise<Content | null> {
  // Loaded here: it takes milliseconds, which the first launch need not wait for.
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
  if (oldest !== undefined && hashes.size >= maximumHashes) hashes.delete(oldest);
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
    // A FIFO that has taken its place has another inode, so it is not read.
    handle = await open(file.path, READ_WITHOUT_WAITING);
    const isSame = async (opened: FileHandle): Promise<boolean> =>
      fileIdentity(await opened.stat({ bigint: true })) === file.identity;
    if (!(await isSame(handle))) return null;
    const { createHash } = await import('node:crypto');
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(chunkBytes);
    const { size } = await handle.stat();
    // A file that grows as fast as it is read has no end.
    for (let length = 0; length <= size;) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return (await isSame(handle)) ? hash.digest('hex') : null;
  } catch (error) {
    return isNoEntry(error) || isPassing(error) ? null : withoutChangeTime(file.identity);
  } finally {
    await handle?.close();
  }
}

function isNoEntry(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}

function isPassing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && passingTrouble.includes(error.code);
}

/** A chmod sets the change time, the last part. */
function withoutChangeTime(identity: StatIdentity): Content {
  return identity.slice(0, identity.lastIndexOf(':'));
}
