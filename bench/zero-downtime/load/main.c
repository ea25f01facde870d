// Usage: load --port PORT [--mode get|post|new|slow|upload|stream|ws] [--connections N] [--seconds S] [--requests N]
//             [--rate N] [--body BYTES] [--bytes BYTES] [--fastest MS] [--slowest MS] [--interval MS] [--deadline MS] [--samples FILE]
// At the end, or at SIGTERM, no request is begun any more, those under way are awaited, and the account is printed as JSON.
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "load.h"

enum { CONNECTIONS = 1024, TICK_NS = 1000000 };

struct options options = {
    .connections = 32, .seconds = 600, .requests = 20000000, .body = 4096, .bytes = 4000000, .slowest = 500, .fastest = 50, .interval = 50, .deadline = 5000};
int epoll;

static struct connection *connections[CONNECTIONS];
static volatile sig_atomic_t stopped;

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_term(int signal) { (void)signal, stopped = 1; }

static void read_flag(const char *name, const char *value) {
  static const char *const modes[] = {"get", "post", "new", "slow", "upload", "stream", "ws"};
  double number = atof(value);
  if (strcmp(name, "--mode") == 0) {
    for (int i = 0; i < 7; i++)
      if (strcmp(value, modes[i]) == 0) options.mode = (enum mode)i;
  } else if (strcmp(name, "--samples") == 0) options.samples = value;
  else if (strcmp(name, "--port") == 0) options.port = (int)number;
  else if (strcmp(name, "--connections") == 0) options.connections = number > CONNECTIONS ? CONNECTIONS : (int)number;
  else if (strcmp(name, "--seconds") == 0) options.seconds = number;
  else if (strcmp(name, "--requests") == 0) options.requests = (uint64_t)number;
  else if (strcmp(name, "--rate") == 0) options.rate = number;
  else if (strcmp(name, "--body") == 0) options.body = (uint64_t)number;
  else if (strcmp(name, "--bytes") == 0) options.bytes = (uint64_t)number;
  else if (strcmp(name, "--fastest") == 0) options.fastest = (unsigned)number;
  else if (strcmp(name, "--slowest") == 0) options.slowest = (unsigned)number;
  else if (strcmp(name, "--interval") == 0) options.interval = (unsigned)number;
  else if (strcmp(name, "--deadline") == 0) options.deadline = (unsigned)number;
  else {
    fprintf(stderr, "load: what is %s?\n", name);
    exit(2);
  }
}

/** Begins what is due. */
static void begin_due(uint64_t now, uint64_t *next_at) {
  for (int i = 0; i < options.connections; i++) {
    struct connection *c = connections[i];
    if (c->phase != IDLE || c->due > now) continue;
    if (options.rate == 0) {
      begin_request(c, now);
      continue;
    }
    if (*next_at > now) return;
    // With a rate a request's time counts from when it was due, so that one that waits for a free connection is not flattered.
    begin_request(c, *next_at);
    *next_at += (uint64_t)(1e9 / options.rate);
  }
}

static void check_deadlines(uint64_t now) {
  for (int i = 0; i < options.connections; i++) {
    struct connection *c = connections[i];
    bool waits = c->phase == OPEN ? c->message_out : c->phase != IDLE;
    if (!waits || now < c->deadline) continue;
    if (c->phase == CLOSING) disconnect(c);
    else if (c->phase == OPEN) end_session(c, LATE, "no echo");
    else fail(c, LATE, c->phase == CONNECTING ? "connecting" : c->head_read ? "within the answer" : "no answer");
  }
}

static bool go_on_with_timed(uint64_t now, bool ending) {
  bool busy = false;
  for (int i = 0; i < options.connections; i++) {
    struct connection *c = connections[i];
    if (c->phase == UPLOADING && c->due <= now) go_on(c);
    if (c->phase == OPEN && c->due <= now && !ending) send_message(c, now);
    busy |= c->phase == OPEN ? c->message_out : c->phase != IDLE && c->phase != CLOSING;
  }
  return busy;
}

/** How long to wait for events at most (ns): a request that is due in less than a tick is begun in time. */
static long pause_until(uint64_t next_at) {
  uint64_t now = now_ns();
  if (options.rate == 0 || next_at > now + TICK_NS) return TICK_NS;
  // One that is due already waits for a connection, which an event brings.
  return next_at > now ? (long)(next_at - now) : TICK_NS;
}

static void run(void) {
  struct epoll_event events[256];
  uint64_t end = account.began + (uint64_t)(options.seconds * 1e9), next_at = account.began, checked = 0;
  for (;;) {
    uint64_t now = now_ns();
    bool ending = stopped || now >= end || account.requests >= options.requests;
    if (!ending) begin_due(now, &next_at);
    bool busy = go_on_with_timed(now, ending);
    if (ending && !busy) return;
    int ready = epoll_pwait2(epoll, events, 256, &(struct timespec){.tv_nsec = pause_until(next_at)}, NULL);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (c->fd < 0) continue;
      // Only an end can come on a connection that waits for its next request.
      if (c->phase == IDLE) disconnect(c), account.found_closed++;
      else go_on(c);
    }
    if (now - checked > 20000000) check_deadlines(now), checked = now;
  }
}

int main(int count, char **words) {
  for (int i = 1; i + 1 < count; i += 2) read_flag(words[i], words[i + 1]);
  if (options.port == 0) {
    fprintf(stderr, "load: --port is missing\n");
    return 2;
  }
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < options.connections; i++) {
    connections[i] = calloc(1, sizeof **connections);
    connections[i]->fd = -1;
  }
  open_account();
  run();
  print_account();
  return 0;
}
