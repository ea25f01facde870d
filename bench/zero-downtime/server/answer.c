#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server.h"

enum { CHUNK = 16 * 1024 };

void put(struct connection *c, const void *bytes, size_t size) {
  if (c->out_size + size > OUT_SIZE) abort();
  memcpy(c->out + c->out_size, bytes, size);
  c->out_size += size;
}

static void put_answer(struct connection *c, const char *status, const char *body) {
  char text[512];
  if (server.stopping) c->last = true;
  int size = snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\nX-Instance: %s\r\n%s\r\n%s", status,
                      strlen(body), server.port, c->last ? "Connection: close\r\n" : "", body);
  put(c, text, (size_t)size);
  c->busy = false;
}

void answer_late(struct connection *c) {
  c->due = 0;
  put_answer(c, "200 OK", "slow\n");
}

static void begin_stream(struct connection *c, uint64_t bytes) {
  char text[256];
  if (server.stopping) c->last = true;
  int size = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Instance: %s\r\n%s\r\n",
                      server.port, c->last ? "Connection: close\r\n" : "");
  put(c, text, (size_t)size);
  c->streaming = true;
  c->stream_left = bytes;
  c->streamed = 0;
  continue_stream(c);
}

void continue_stream(struct connection *c) {
  if (c->stream_left == 0) {
    put(c, "0\r\n\r\n", 5);
    c->streaming = false;
    c->busy = false;
    return;
  }
  size_t size = c->stream_left < CHUNK ? (size_t)c->stream_left : CHUNK;
  char text[32];
  put(c, text, (size_t)snprintf(text, sizeof text, "%zx\r\n", size));
  // Byte number n of the body is 'a' + n mod 26, so that the reader notices a piece that is missing or doubled.
  for (size_t i = 0; i < size; i++) c->out[c->out_size + i] = (char)('a' + (c->streamed + i) % 26);
  c->out_size += size;
  put(c, "\r\n", 2);
  c->stream_left -= size;
  c->streamed += size;
}

static void accept_websocket(struct connection *c) {
  // The answer to the key of RFC 6455's own example, which is the only one that the load sends.
  static const char text[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  put(c, text, sizeof text - 1);
  c->websocket = true;
  c->busy = false;
  if (server.stopping) close_websocket(c);
}

static uint64_t number_after(const char *target, const char *name) {
  const char *found = strstr(target, name);
  return found == NULL ? 0 : strtoull(found + strlen(name), NULL, 10);
}

/** The request line was cut to `GET /path`, the body was read. */
static void answer_request(struct connection *c, const char *line) {
  const char *path = strchr(line, ' ') + 1;
  char length[32];
  if (strncmp(path, "/healthz", 8) == 0) {
    bool sick = server.fault == FAULT_SICK;
    put_answer(c, sick ? "500 Internal Server Error" : "200 OK", sick ? "sick\n" : "well\n");
  } else if (strncmp(path, "/slow?", 6) == 0) {
    c->due = now_ms() + number_after(path, "ms=");
  } else if (strncmp(path, "/stream?", 8) == 0) {
    begin_stream(c, number_after(path, "bytes="));
  } else if (strncmp(path, "/ws", 3) == 0) {
    accept_websocket(c);
  } else if (strncmp(line, "POST", 4) == 0) {
    snprintf(length, sizeof length, "%llu\n", (unsigned long long)c->body_size);
    put_answer(c, "200 OK", length);
  } else {
    put_answer(c, "200 OK", "hello\n");
  }
}

static bool read_head(struct connection *c, char *line, size_t line_size) {
  char *end = memmem(c->in, c->in_size, "\r\n\r\n", 4);
  if (end == NULL) return false;
  size_t size = (size_t)(end - c->in) + 4;
  char *line_end = memchr(c->in, '\r', size);
  snprintf(line, line_size, "%.*s", (int)(line_end - c->in), c->in);
  c->last = strstr(line, "HTTP/1.0") != NULL;
  c->body_size = 0;
  for (char *field = line_end + 2; field < end; field = (char *)memmem(field, (size_t)(end + 2 - field), "\r\n", 2) + 2) {
    if (strncasecmp(field, "content-length:", 15) == 0) c->body_size = strtoull(field + 15, NULL, 10);
    if (strncasecmp(field, "connection: close", 17) == 0) c->last = true;
    if (strncasecmp(field, "expect: 100", 11) == 0) put(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
  }
  c->body_left = c->body_size;
  c->busy = true;
  memmove(c->in, c->in + size, c->in_size - size);
  c->in_size -= size;
  return true;
}

static void skip_body(struct connection *c) {
  size_t size = c->in_size < c->body_left ? c->in_size : (size_t)c->body_left;
  memmove(c->in, c->in + size, c->in_size - size);
  c->in_size -= size;
  c->body_left -= size;
}

bool answer(struct connection *c) {
  static char line[2048];
  if (c->websocket) return echo_frames(c);
  // The body's path is needed once the body is there, so POST answers its length whatever the path is.
  if (c->body_left > 0) {
    skip_body(c);
    if (c->body_left > 0) return true;
    answer_request(c, "POST /");
  }
  while (!c->busy && !c->last && c->out_size < OUT_SIZE / 2 && read_head(c, line, sizeof line)) {
    if (server.fault == FAULT_HANGS) return true;
    skip_body(c);
    if (c->body_left == 0) answer_request(c, line);
    if (c->websocket) return echo_frames(c);
  }
  return c->busy || c->in_size < IN_SIZE;
}
