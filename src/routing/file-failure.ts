import { UnsafePath } from '../util/held-folder.ts';

/**
 * Why the files of the route cannot be created or removed, in one line that says what to do.
 * @param error of a call on a file in `folder`; its code is an errno(3)
 */
export function fileFailure(error: NodeJS.ErrnoException, folder: string): string {
  if (error instanceof UnsafePath)
    return `${error.message}: name a folder in route.files that only root and its owner can change`;
  const code = error.code ?? '';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `this user may not change files in ${folder} (${code}): give the folder to the user that runs alternate, or name another folder in route.files`;
    case 'EROFS':
      return `${folder} is on a read-only file system (${code}): name a folder elsewhere in route.files, for instance in /run`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `there is no space left for a file in ${folder} (${code}): free some space, or name a folder elsewhere in route.files`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${folder}, or a part of its path, is not a folder (${code}): move that file away, or name another folder in route.files`;
    case 'ENOENT':
      return `${folder} does not exist and cannot be created (${code}): name a folder elsewhere in route.files`;
    case 'ELOOP':
      return `the symbolic links in ${folder} form a loop (${code}): fix them, or name another folder in route.files`;
    default:
      return `the files in ${folder} cannot be changed: ${error.message}`;
  }
}
