// A small HTTP/1.1 server with one epoll loop, fast enough that the proxy before it is the bottleneck.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IN_SIZE = 64 * 1024, OUT_SIZE = 32 * 1024 };

/** What happens at SIGTERM. */
enum stop {
  /** For a moment kept-alive connections are answered with `Connection: close`, then as `STOP_CLOSE`. */
  STOP_LINGER,
  /** Idle kept-alive connections are closed at once, requests in flight are finished. */
  STOP_CLOSE,
  /** The process is gone at once. */
  STOP_EXIT,
};

/** What is wrong with this release. */
enum fault { FAULT_NONE, FAULT_EXITS, FAULT_NEVER_LISTENS, FAULT_LISTENS_LATE, FAULT_SICK, FAULT_DIES, FAULT_HANGS };

struct connection {
  int fd;
  bool writable_wanted;
  /** The answer on its way is the last one of this connection. */
  bool last;
  bool websocket;
  /** A close frame was sent; the other side's is awaited. */
  bool closing;
  /** Bytes of the request's body that were not read yet. */
  uint64_t body_left;
  uint64_t body_size;
  /** When a slow answer is due (ms); 0: none is. */
  uint64_t due;
  /** Bytes of a streamed answer not written yet, and how many were. */
  uint64_t stream_left;
  uint64_t streamed;
  bool streaming;
  /** A request is being read or answered. */
  bool busy;
  size_t in_size, out_size, out_done;
  char in[IN_SIZE];
  char out[OUT_SIZE];
};

struct server {
  const char *port;
  enum fault fault;
  /** Since when no new connection is awaited any more: SIGTERM came. */
  bool stopping;
};
extern struct server server;

uint64_t now_ms(void);

/** Appends to what is to be written. The caller sees to it that it fits. */
void put(struct connection *c, const void *bytes, size_t size);

/** Answers what has come in so far, as far as it is complete. False: the connection is to be closed. */
bool answer(struct connection *c);

/** The slow answer is due. */
void answer_late(struct connection *c);

/** Fills the buffer with more of a streamed answer. */
void continue_stream(struct connection *c);

/** Echoes the frames that are complete. False: the connection is to be closed. */
bool echo_frames(struct connection *c);

/** Says goodbye with 1001 ("going away"). */
void close_websocket(struct connection *c);
