// Reads one HTTP/1.x answer from the bytes of a connection, and knows when it is whole (RFC 9112, section 6.3).
const NOTHING = Buffer.alloc(0);
const WITHOUT_BODY = new Set([204, 304]);

export class Answer {
  status = 0;
  /** Whether the connection may not be used again. */
  close = false;
  begun = false;
  /** The whole answer has come. */
  done = false;
  /** What is wrong with it as HTTP; null while nothing is. @type {string | null} */
  malformed = null;
  /** The end of the connection is the end of the answer: neither a length nor chunks. */
  endsWithConnection = false;
  /** @type {Buffer} */
  #rest = NOTHING;
  #left = 0;
  /** Reads the next part, and says whether another one may follow. */
  #read = this.#head;

  /** @param {Buffer} bytes */
  feed(bytes) {
    this.begun = true;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (!this.done && this.malformed === null && this.#read.call(this));
    if (this.done && this.#rest.length > 0) this.malformed = 'more bytes than the answer has';
  }

  /** The start of what has come and could not be read. */
  get unread() {
    return this.#rest.toString('latin1', 0, 80);
  }

  #line() {
    const end = this.#rest.indexOf('\r\n');
    if (end < 0) return null;
    const line = this.#rest.toString('latin1', 0, end);
    this.#rest = this.#rest.subarray(end + 2);
    return line;
  }

  #head() {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [statusLine = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n');
    const [, minor, status] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(statusLine) ?? [];
    if (status === undefined) {
      this.malformed = 'not an HTTP/1 answer';
      return false;
    }
    this.#rest = this.#rest.subarray(end + 4);
    // 100 Continue and 103 Early Hints go before the answer.
    if (status.startsWith('1')) return true;
    this.status = Number(status);
    const value = (/** @type {string} */ name) => {
      const found = lines.find((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`);
      return found
        ?.slice(name.length + 1)
        .trim()
        .toLowerCase();
    };
    const connection = value('connection') ?? '';
    this.close = minor === '0' ? !connection.includes('keep-alive') : connection.includes('close');
    this.#expectBody(value('transfer-encoding'), value('content-length'));
    return true;
  }

  /**
   * @param {string | undefined} encoding
   * @param {string | undefined} length
   */
  #expectBody(encoding, length) {
    if (WITHOUT_BODY.has(this.status)) {
      this.done = true;
    } else if (encoding?.includes('chunked')) {
      this.#read = this.#chunkSize;
    } else if (length !== undefined && /^\d+$/.test(length)) {
      this.#left = Number(length);
      this.#read = this.#body;
    } else if (length !== undefined) {
      this.malformed = `Content-Length: ${length}`;
    } else {
      this.endsWithConnection = this.close = true;
      this.#read = this.#untilClosed;
    }
  }

  #body() {
    this.#skip();
    this.done = this.#left === 0;
    return false;
  }

  #untilClosed() {
    this.#rest = NOTHING;
    return false;
  }

  #chunkSize() {
    const line = this.#line();
    if (line === null) return false;
    const size = /^[0-9a-f]+/i.exec(line)?.[0];
    if (size === undefined) {
      this.malformed = 'a chunk without a size';
      return false;
    }
    this.#left = Number.parseInt(size, 16);
    this.#read = this.#left === 0 ? this.#trailer : this.#chunk;
    return true;
  }

  #chunk() {
    this.#skip();
    if (this.#left === 0) this.#read = this.#chunkEnd;
    return this.#left === 0;
  }

  #chunkEnd() {
    const line = this.#line();
    if (line === null) return false;
    if (line !== '') this.malformed = 'a chunk longer than its size';
    this.#read = this.#chunkSize;
    return true;
  }

  #trailer() {
    const line = this.#line();
    this.done = line === '';
    return line !== null;
  }

  #skip() {
    const taken = Math.min(this.#left, this.#rest.length);
    this.#left -= taken;
    this.#rest = this.#rest.subarray(taken);
  }
}
