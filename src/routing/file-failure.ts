import { UnsafePath } from '../util/held-folder.ts';

/**
 * Why the files that show the route cannot be made or removed, in one line with what to do.
 * @param error of a call on something in `folder`; its code is an errno(3)
 */
export function fileFailure(error: NodeJS.ErrnoException, folder: string): string {
  if (error instanceof UnsafePath)
    return `${error.message}: name a folder in route.files that only root and its owner can change`;
  const code = error.code ?? '';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `this user may not change files in ${folder} (${code}): give the folder to the user that runs alternate, or name another in route.files`;
    case 'EROFS':
      return `${folder} is on a file system that can only be read (${code}): name a folder elsewhere in route.files, for instance in /run`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `there is no space left for a file in ${folder} (${code}): make some, or name a folder elsewhere in route.files`;
    case 'ENOTDIR':
    case 'EEXIST':
      return `${folder} cannot be a folder, since it or a part of its path is something else (${code}): move that away, or name another in route.files`;
    case 'ENOENT':
      return `${folder} does not exist and cannot be made (${code}): name a folder elsewhere in route.files`;
    case 'ELOOP':
      return `the symbolic links in ${folder} lead round in a circle (${code})`;
    default:
      return `the files in ${folder} cannot be changed: ${error.message}`;
  }
}
