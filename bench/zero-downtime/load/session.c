// WebSocket sessions: small numbered messages that must come back, until the server says goodbye with 1001.
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load.h"

enum { TEXT = 0x81, CLOSE = 0x88, PING = 0x89 };

void open_session(struct connection *c) {
  account.sessions++;
  c->phase = OPEN;
  c->message_out = false;
  // Sessions that were opened together do not send together.
  c->due = now_ns() + (uint64_t)(rand() % (int)options.interval) * 1000000;
}

/** Client frames are masked; a mask of zeros is a mask (RFC 6455, 5.3 asks for unpredictable ones against web pages' scripts). */
static bool send_frame(struct connection *c, unsigned char kind, const void *payload, size_t size) {
  char frame[131] = {(char)kind, (char)(128 | size)};
  memcpy(frame + 6, payload, size);
  return send(c->fd, frame, 6 + size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)(6 + size);
}

void send_message(struct connection *c, uint64_t now) {
  char text[32];
  c->due = now + (uint64_t)options.interval * 1000000;
  if (c->message_out) return;
  account.requests++;
  c->began = now;
  c->deadline = now + (uint64_t)options.deadline * 1000000;
  c->carried++;
  c->message_out = true;
  int size = snprintf(text, sizeof text, "%u", ++c->message);
  if (!send_frame(c, TEXT, text, (size_t)size)) end_session(c, RESET, "while a message was written");
}

void end_session(struct connection *c, enum failure failure, const char *detail) {
  // The session failed, and with it the message that was on its way: one failure, counted as the message's.
  if (!c->message_out) account.requests++;
  c->message_out = false;
  fail(c, failure, detail);
}

static void take_echo(struct connection *c, const char *payload, size_t size) {
  char text[32];
  snprintf(text, sizeof text, "%.*s", (int)size, payload);
  if (!c->message_out || (unsigned)atoi(text) != c->message) {
    end_session(c, WRONG_CONTENT, text);
    return;
  }
  c->message_out = false;
  succeed(c);
}

static void take_close(struct connection *c, const unsigned char *payload, size_t size) {
  unsigned code = size >= 2 ? payload[0] * 256u + payload[1] : 0;
  if (code != 1001) {
    char text[32];
    snprintf(text, sizeof text, "code %u", code);
    end_session(c, BAD_CLOSE, text);
    return;
  }
  // A message that crossed the goodbye is the client's to send again: it was told.
  if (c->message_out) {
    account.crossed++;
    account.requests--;
  }
  c->message_out = false;
  c->due = 0;
  c->phase = CLOSING;
  c->deadline = now_ns() + (uint64_t)options.deadline * 1000000;
  send_frame(c, CLOSE, payload, size);
}

void read_frames(struct connection *c) {
  size_t at = 0;
  while (c->phase == OPEN && c->in_size - at >= 2) {
    unsigned char *frame = (unsigned char *)c->in + at;
    size_t size = frame[1] & 127;
    if (c->in_size - at < 2 + size) break;
    if (size > 125) {
      end_session(c, WRONG_CONTENT, "a frame longer than any that was sent");
      return;
    }
    if (frame[0] == CLOSE) take_close(c, frame + 2, size);
    else if (frame[0] == TEXT) take_echo(c, (char *)frame + 2, size);
    at += 2 + size;
  }
  if (c->fd < 0) return;
  memmove(c->in, c->in + at, c->in_size - at);
  c->in_size -= at;
}
