/** Reads the answer to `show servers state`; management guide of HAProxy, 9.3. Pure. */

/** SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN: set by `set server … state maint|drain`, cleared by `ready`. */
const FORCED_OUT = 0x01 | 0x08;

/**
 * Whether HAProxy may send new requests to each server of a backend. Only states from `set server` count. A failed
 * health check, the state of a tracked server and an address that cannot be resolved do not count. `disabled` in the
 * configuration (SRV_ADMF_CMAINT) does not count either: this bit stays set after `ready` has cleared the FMAINT that
 * came with it.
 * @param text the answer, format 1: the version, the names of the columns after a `#`, then one line per server
 * @returns by the names of the servers; null if the text has another format
 */
export function readServerStates(text: string): ReadonlyMap<string, boolean> | null {
  const [version, header = '', ...rows] = text.split('\n');
  const columns = header.replace(/^#\s*/, '').split(' ');
  const name = columns.indexOf('srv_name');
  const admin = columns.indexOf('srv_admin_state');
  if (version?.trim() !== '1' || name < 0 || admin < 0) return null;
  const states = new Map<string, boolean>();
  for (const row of rows) {
    const fields = row.split(' ');
    const server = fields[name];
    const mask = Number(fields[admin]);
    if (server === undefined || !Number.isInteger(mask)) return null;
    states.set(server, (mask & FORCED_OUT) === 0);
  }
  return states;
}
