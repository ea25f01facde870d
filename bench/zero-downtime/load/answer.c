#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "load.h"

void expect_answer(struct connection *c) {
  c->head_read = c->chunked = c->until_end = c->close_after = c->last_chunk = false;
  c->status = 0;
  c->content_left = c->content_read = c->chunk_left = 0;
  c->in_size = 0;
  c->first_bytes[0] = 0;
}

static void take_off(struct connection *c, size_t size) {
  memmove(c->in, c->in + size, c->in_size - size);
  c->in_size -= size;
}

static bool read_head(struct connection *c) {
  char *end = memmem(c->in, c->in_size, "\r\n\r\n", 4);
  if (end == NULL) return false;
  c->in[c->in_size] = 0;
  c->status = c->in_size > 12 ? atoi(c->in + 9) : 0;
  c->until_end = true;
  c->close_after = strncmp(c->in, "HTTP/1.0", 8) == 0;
  for (char *field = strstr(c->in, "\r\n"); field < end; field = strstr(field, "\r\n")) {
    field += 2;
    if (strncasecmp(field, "content-length:", 15) == 0) {
      c->content_left = strtoull(field + 15, NULL, 10);
      c->until_end = false;
    }
    if (strncasecmp(field, "transfer-encoding: chunked", 26) == 0) {
      c->chunked = true;
      c->until_end = false;
    }
    if (strncasecmp(field, "connection: close", 17) == 0) c->close_after = true;
  }
  if (c->until_end) c->close_after = true;
  c->head_read = true;
  take_off(c, (size_t)(end + 4 - c->in));
  return true;
}

/** Takes content in. False: a streamed byte is not the one that belongs there. */
static bool take_content(struct connection *c, const char *bytes, size_t size) {
  if (options.mode == MODE_STREAM && c->status == 200) {
    static char pattern[IN_SIZE + 26];
    if (pattern[0] == 0)
      for (size_t i = 0; i < sizeof pattern; i++) pattern[i] = (char)('a' + i % 26);
    if (memcmp(bytes, pattern + c->content_read % 26, size) != 0) return false;
  }
  for (size_t at = (size_t)c->content_read, i = 0; i < size && at + 1 < sizeof c->first_bytes; i++, at++) {
    c->first_bytes[at] = bytes[i];
    c->first_bytes[at + 1] = 0;
  }
  c->content_read += size;
  return true;
}

/** Content of a known length, or chunked. True: it is complete. `*right` is false when it is not what it should be. */
static bool read_content(struct connection *c, bool *right) {
  size_t at = 0;
  while (*right && !c->last_chunk) {
    uint64_t *left = c->chunked ? &c->chunk_left : &c->content_left;
    size_t size = c->in_size - at;
    if (!c->until_end && size > *left) size = (size_t)*left;
    *right = take_content(c, c->in + at, size);
    at += size;
    if (!c->until_end) *left -= size;
    if (!c->chunked || *left > 0) break;
    // A chunk is at its end: what follows is an empty line (not before the first one) and the size of the next.
    char *line = c->in + at, *end = memmem(line, c->in_size - at, "\r\n", 2);
    if (end == line) end = memmem(line + 2, c->in_size - at - 2, "\r\n", 2), line += 2;
    if (end == NULL) break;
    c->chunk_left = strtoull(line, NULL, 16);
    // Without trailers the last chunk is followed by an empty line.
    if (c->chunk_left == 0 && c->in + c->in_size - end < 4) break;
    c->last_chunk = c->chunk_left == 0;
    at = (size_t)(end + (c->last_chunk ? 4 : 2) - c->in);
  }
  take_off(c, at);
  return c->chunked ? c->last_chunk : !c->until_end && c->content_left == 0;
}

static bool content_is_right(struct connection *c) {
  if (options.mode == MODE_STREAM) return c->content_read == options.bytes;
  if (options.mode == MODE_POST || options.mode == MODE_UPLOAD) return strtoull(c->first_bytes, NULL, 10) == options.body;
  return c->content_read > 0;
}

int read_answer(struct connection *c) {
  bool right = true;
  if (!c->head_read && !read_head(c)) return 0;
  if (c->status == 101 && options.mode == MODE_WEBSOCKET) return 1;
  bool complete = read_content(c, &right);
  if (c->status != 200) {
    if (!complete && !c->until_end) return 0;
    account.statuses[c->status >= 0 && c->status < 600 ? c->status : 0]++;
    char detail[96];
    snprintf(detail, sizeof detail, "%d %.60s", c->status, c->first_bytes);
    fail(c, BAD_STATUS, detail);
    return -1;
  }
  if (right && !complete) return 0;
  if (right && content_is_right(c)) return 1;
  fail(c, WRONG_CONTENT, c->first_bytes);
  return -1;
}
