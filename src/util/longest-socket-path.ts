/**
 * The longest path of a unix socket, in bytes. `sun_path` of unix(7) has 108 bytes with the closing NUL, and 104 on the
 * BSDs and macOS. Node 20 cuts a longer path without an error.
 */
export const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;
