#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"

enum { PIECES = 10 };

extern int epoll;

static const char body[64 * 1024];

void want_writable(struct connection *c, bool wanted) {
  if (c->writable_wanted == wanted) return;
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0u), .data.ptr = c};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
  c->writable_wanted = wanted;
}

void disconnect(struct connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->phase = IDLE;
  c->due = 0;
}

static unsigned between(unsigned least, unsigned most) { return least + (unsigned)rand() % (most - least + 1); }

static void write_head(struct connection *c) {
  static const char websocket[] = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  char path[64] = "/", fields[256] = "";
  bool posts = options.mode == MODE_POST || options.mode == MODE_UPLOAD;
  if (options.mode == MODE_SLOW) snprintf(path, sizeof path, "/slow?ms=%u", between(options.fastest, options.slowest));
  if (options.mode == MODE_STREAM) snprintf(path, sizeof path, "/stream?bytes=%llu", (unsigned long long)options.bytes);
  if (options.mode == MODE_WEBSOCKET) snprintf(path, sizeof path, "/ws");
  if (posts) snprintf(fields, sizeof fields, "Content-Type: application/octet-stream\r\nContent-Length: %llu\r\n", (unsigned long long)options.body);
  if (options.mode == MODE_NEW) snprintf(fields, sizeof fields, "Connection: close\r\n");
  if (options.mode == MODE_WEBSOCKET) snprintf(fields, sizeof fields, "%s", websocket);
  c->head_size = (size_t)snprintf(c->head, sizeof c->head, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n",
                                  posts ? "POST" : "GET", path, options.port, fields);
  c->head_done = c->body_done = 0;
  c->body_size = posts ? options.body : 0;
  c->body_allowed = options.mode == MODE_UPLOAD ? 0 : c->body_size;
  c->piece_gap = (uint64_t)between(options.fastest, options.slowest) * 1000000 / PIECES;
}

/** A client that can notice that its kept connection was closed meanwhile does so, and opens another one. */
static void drop_if_closed(struct connection *c) {
  char byte;
  if (c->fd < 0) return;
  ssize_t size = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  account.found_closed++;
  disconnect(c);
}

static void open_connection(struct connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = c};
  int yes = 1;
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  c->opened = now_ns();
  c->carried = 0;
  c->phase = CONNECTING;
  c->writable_wanted = true;
  account.connections++;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) == 0) c->phase = WRITING;
  else if (errno != EINPROGRESS) fail(c, errno == ECONNREFUSED ? REFUSED : UNCONNECTED, strerror(errno));
}

void begin_request(struct connection *c, uint64_t began) {
  account.requests++;
  c->began = began;
  c->due = 0;
  c->deadline = now_ns() + (uint64_t)options.deadline * 1000000;
  write_head(c);
  expect_answer(c);
  drop_if_closed(c);
  if (c->fd < 0) open_connection(c);
  else c->phase = WRITING;
  if (c->phase == WRITING) go_on(c);
}

/** Writes as much as is allowed and possible. False: it failed, or more is to be written. */
static bool write_request(struct connection *c) {
  while (c->head_done < c->head_size || c->body_done < c->body_allowed) {
    bool head = c->head_done < c->head_size;
    uint64_t left = head ? c->head_size - c->head_done : c->body_allowed - c->body_done;
    size_t most = !head && left > sizeof body ? sizeof body : (size_t)left;
    // One segment for head and body where they fit, as clients do that do not want to wait for an acknowledgement.
    int flags = MSG_NOSIGNAL | (head && c->body_allowed > 0 ? MSG_MORE : 0);
    ssize_t size = send(c->fd, head ? c->head + c->head_done : body, most, flags);
    if (size < 0 && errno == EAGAIN) {
      want_writable(c, true);
      return false;
    }
    // An answer that was sent before the reset, for instance a 502, is still to be read.
    if (size < 0) return true;
    if (head) c->head_done += (size_t)size;
    else c->body_done += (uint64_t)size;
  }
  return true;
}

static void read_request_answer(struct connection *c) {
  ssize_t size = recv(c->fd, c->in + c->in_size, IN_SIZE - 1 - c->in_size, 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size < 0) {
    fail(c, c->head_read || c->in_size > 0 ? TRUNCATED : RESET, strerror(errno));
    return;
  }
  if (size == 0) {
    if (c->head_read && c->until_end && c->status == 200) c->content_left = 0, c->until_end = false;
    else fail(c, c->head_read || c->in_size > 0 ? TRUNCATED : UNANSWERED, "the connection was closed");
    if (c->fd < 0) return;
  }
  c->in_size += (size_t)size;
  if (read_answer(c) != 1) return;
  if (c->status == 101) {
    // Not among the samples: after a goodbye all clients come back at once, and it is the echoes that are compared.
    account.ok++;
    open_session(c);
    read_frames(c);
    return;
  }
  succeed(c);
  c->carried++;
  if (c->close_after) disconnect(c);
  else c->phase = IDLE;
}

static void read_session(struct connection *c) {
  ssize_t size = recv(c->fd, c->in + c->in_size, IN_SIZE - 1 - c->in_size, 0);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0 && c->phase == CLOSING) disconnect(c);
  else if (size <= 0) end_session(c, size < 0 ? RESET : BAD_CLOSE, "the connection ended without a close frame");
  else {
    c->in_size += (size_t)size;
    read_frames(c);
  }
}

static void finish_connecting(struct connection *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) fail(c, error == ECONNREFUSED ? REFUSED : UNCONNECTED, strerror(error));
  else c->phase = WRITING;
}

void go_on(struct connection *c) {
  uint64_t now = now_ns();
  if (c->phase == CONNECTING) finish_connecting(c);
  if (c->phase == UPLOADING && now >= c->due) {
    c->body_allowed += options.body / PIECES;
    c->due = now + c->piece_gap;
    if (c->body_allowed + options.body / PIECES > options.body) c->body_allowed = options.body;
    c->phase = WRITING;
  }
  if (c->phase == WRITING && write_request(c)) {
    want_writable(c, false);
    c->phase = c->body_allowed < c->body_size ? UPLOADING : READING;
    if (c->phase == UPLOADING && c->due == 0) c->due = now + c->piece_gap;
    if (c->phase == READING) c->due = 0;
    // Nothing can be there yet; the loop says when.
    return;
  }
  if (c->phase == READING || c->phase == UPLOADING || c->phase == WRITING) read_request_answer(c);
  else if (c->phase == OPEN || c->phase == CLOSING) read_session(c);
}
