/**
 * How long the path of a unix socket may be, in bytes: `sun_path` of unix(7) has 108 with the closing NUL, 104 on the BSDs and
 * macOS. Node 20 cuts a longer one silently.
 */
export const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;
