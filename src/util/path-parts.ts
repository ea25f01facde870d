/** What functions share that follow a path themselves, part by part. */

/** The kernel's limit of symbolic links in one path; path_resolution(7). */
export const MOST_LINKS = 40;

/** The names in a path, without empty ones and `.`. */
export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
