// Requests to 127.0.0.1 from one epoll loop, and an account of every single one of them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { IN_SIZE = 64 * 1024 };

enum mode { MODE_GET, MODE_POST, MODE_NEW, MODE_SLOW, MODE_UPLOAD, MODE_STREAM, MODE_WEBSOCKET };

/** What can go wrong with a request. */
enum failure {
  /** The connection was refused. */
  REFUSED,
  /** It could not be made for another reason. */
  UNCONNECTED,
  /** It was reset after the request, or a part of it, had been written. */
  RESET,
  /** It was closed without a byte of an answer. */
  UNANSWERED,
  /** It ended within the answer. */
  TRUNCATED,
  /** The answer's status is not the one that is due. */
  BAD_STATUS,
  /** The answer's content is not. */
  WRONG_CONTENT,
  /** No complete answer within the deadline. */
  LATE,
  /** A WebSocket ended without a close frame, or with a code other than 1001. */
  BAD_CLOSE,
  FAILURES,
};

struct options {
  enum mode mode;
  int port;
  int connections;
  /** The load ends after so many seconds or requests, or at SIGTERM, whichever is first. */
  double seconds;
  uint64_t requests;
  /** Requests each second, evenly spaced; 0: as many as there is room for. */
  double rate;
  /** Size of a POST's body, and of a streamed answer's. */
  uint64_t body, bytes;
  /** The longest that a slow answer or upload takes, and the shortest (ms). */
  unsigned slowest, fastest;
  /** From one message of a WebSocket to its next one (ms). */
  unsigned interval;
  unsigned deadline;
  /** Where the samples go: for each request when it began and how long it took, 32 bits each, in 10 us and in us. */
  const char *samples;
};

enum phase {
  /** No connection, or one that waits for its next request. */
  IDLE,
  CONNECTING,
  WRITING,
  /** The body is sent in pieces, and the next one is not due yet. */
  UPLOADING,
  READING,
  /** A WebSocket is open. */
  OPEN,
  /** Its close frame was answered: the end of the connection is awaited. */
  CLOSING,
};

struct connection {
  int fd;
  enum phase phase;
  bool writable_wanted;
  /** How many requests this connection has carried, and when it was opened. */
  unsigned carried;
  uint64_t opened;
  /** When the request began (with a rate: when it should have), all in ns. */
  uint64_t began, deadline;
  /** When the next piece of an upload or message of a WebSocket is due; 0: none. */
  uint64_t due;
  uint64_t piece_gap;
  char head[512];
  size_t head_size, head_done;
  uint64_t body_size, body_done, body_allowed;
  /** The answer. */
  bool head_read, chunked, until_end, close_after;
  int status;
  uint64_t content_left, content_read;
  /** Of the chunk that is being read; what precedes its size line has been taken off. */
  uint64_t chunk_left;
  bool last_chunk;
  char first_bytes[64];
  size_t in_size;
  char in[IN_SIZE];
  /** WebSocket: a message that was not echoed yet has this number. */
  unsigned message;
  bool message_out;
};

struct account {
  uint64_t began, requests, ok;
  uint64_t failed[FAILURES];
  uint64_t statuses[600];
  /** Connections that were made, those found closed before anything was written, WebSocket sessions and messages that crossed a close. */
  uint64_t connections, found_closed, sessions, crossed;
};
extern struct options options;
extern struct account account;

uint64_t now_ns(void);

/** Tells epoll whether this connection waits until it can write. */
void want_writable(struct connection *c, bool wanted);

/** Closes it; the next request opens another one. */
void disconnect(struct connection *c);

/** Begins a request whose time counts from `began`. */
void begin_request(struct connection *c, uint64_t began);

/** Goes on with whatever can be read or written. */
void go_on(struct connection *c);

/** The request is answered as it should be: counted, and its time kept. */
void succeed(struct connection *c);

/** The request failed: counted, an example kept, the connection closed. */
void fail(struct connection *c, enum failure failure, const char *detail);

void open_account(void);
void print_account(void);

/** Reads what there is of an answer. 1: complete, 0: more is to come, -1: it failed, which was counted. */
int read_answer(struct connection *c);
void expect_answer(struct connection *c);

/** A WebSocket whose handshake was answered with 101. */
void open_session(struct connection *c);
void send_message(struct connection *c, uint64_t now);
void read_frames(struct connection *c);
/** The other side ended the connection of a session. */
void end_session(struct connection *c, enum failure failure, const char *detail);
