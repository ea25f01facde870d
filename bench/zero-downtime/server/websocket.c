#include <string.h>

#include "server.h"

enum { TEXT = 0x81, CLOSE = 0x88, PING = 0x89, PONG = 0x8a };

/** Writes one unmasked frame; what is echoed here is never longer than 125 bytes. */
static void put_frame(struct connection *c, unsigned char kind, const unsigned char *payload, size_t size) {
  unsigned char head[2] = {kind, (unsigned char)size};
  put(c, head, 2);
  put(c, payload, size);
}

void close_websocket(struct connection *c) {
  static const unsigned char going_away[] = {1001 >> 8, 1001 & 255};
  if (c->closing) return;
  put_frame(c, CLOSE, going_away, sizeof going_away);
  c->closing = true;
}

bool echo_frames(struct connection *c) {
  size_t at = 0;
  bool open = true;
  while (open && c->in_size - at >= 6 && c->out_size < OUT_SIZE / 2) {
    unsigned char *frame = (unsigned char *)c->in + at;
    size_t size = frame[1] & 127;
    if (size > 125 || (frame[1] & 128) == 0) return false;
    if (c->in_size - at < 6 + size) break;
    for (size_t i = 0; i < size; i++) frame[6 + i] ^= frame[2 + i % 4];
    if (frame[0] == CLOSE) {
      // Ours was answered, or theirs is: the server is the one that ends the connection (RFC 6455, 7.1.1).
      if (!c->closing) put_frame(c, CLOSE, frame + 6, size);
      c->last = true;
      open = false;
    } else if (!c->closing) {
      put_frame(c, frame[0] == PING ? PONG : frame[0], frame + 6, size);
    }
    at += 6 + size;
  }
  memmove(c->in, c->in + at, c->in_size - at);
  c->in_size -= at;
  return true;
}
