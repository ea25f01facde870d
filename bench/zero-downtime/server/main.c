// Usage: server --port PORT | --fd FD [--stop linger|close|exit] [--release FILE]
// The release file holds what is wrong with the release: exits, never-listens, listens-late, sick, dies or hangs.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

enum { CONNECTIONS = 4096, LINGER_MS = 500, LATE_MS = 6000, DIES_AFTER_MS = 250 };

struct server server = {.port = "0"};

static enum stop stop = STOP_CLOSE;
static int epoll, listener = -1, term;
/** What `--fd` says; -1: nothing. */
static int passed = -1;
static struct connection *connections[CONNECTIONS];
static int connection_count, sleeping;
static uint64_t linger_until, dies_at;

uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void watch(int fd, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(epoll, operation, fd, &event);
}

static void close_connection(struct connection *c) {
  connections[c->fd] = NULL;
  connection_count--;
  if (c->due > 0) sleeping--;
  close(c->fd);
  free(c);
}

/** Writes what there is. False: the connection is done for. */
static bool flush(struct connection *c) {
  for (;;) {
    while (c->out_done < c->out_size) {
      ssize_t size = send(c->fd, c->out + c->out_done, c->out_size - c->out_done, MSG_NOSIGNAL);
      if (size < 0) {
        if (errno != EAGAIN) return false;
        if (!c->writable_wanted) watch(c->fd, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        c->writable_wanted = true;
        return true;
      }
      c->out_done += (size_t)size;
    }
    c->out_size = c->out_done = 0;
    if (!c->streaming) break;
    continue_stream(c);
  }
  if (c->writable_wanted) watch(c->fd, EPOLLIN, EPOLL_CTL_MOD);
  c->writable_wanted = false;
  return !c->last || c->busy;
}

static void serve(struct connection *c, bool readable) {
  bool slept = c->due > 0;
  if (readable) {
    ssize_t size = recv(c->fd, c->in + c->in_size, IN_SIZE - c->in_size, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN)) {
      close_connection(c);
      return;
    }
    if (size > 0) c->in_size += (size_t)size;
  }
  if (!answer(c) || !flush(c)) {
    if (!slept && c->due > 0) sleeping++;
    close_connection(c);
    return;
  }
  if (!slept && c->due > 0) sleeping++;
}

static void accept_all(void) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    if (fd >= CONNECTIONS) {
      close(fd);
      continue;
    }
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connections[fd] = calloc(1, sizeof **connections);
    connections[fd]->fd = fd;
    connection_count++;
    watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static void close_idle(void) {
  for (int fd = 0; fd < CONNECTIONS; fd++)
    if (connections[fd] != NULL && !connections[fd]->busy && !connections[fd]->websocket && connections[fd]->out_size == 0)
      close_connection(connections[fd]);
}

static void begin_stop(void) {
  if (stop == STOP_EXIT) _exit(0);
  server.stopping = true;
  accept_all();
  close(listener);
  for (int fd = 0; fd < CONNECTIONS; fd++)
    if (connections[fd] != NULL && connections[fd]->websocket) {
      close_websocket(connections[fd]);
      if (!flush(connections[fd])) close_connection(connections[fd]);
    }
  if (stop == STOP_LINGER) linger_until = now_ms() + LINGER_MS;
  else close_idle();
}

static void wake_sleepers(void) {
  uint64_t now = now_ms();
  for (int fd = 0; fd < CONNECTIONS; fd++) {
    struct connection *c = connections[fd];
    if (c == NULL || c->due == 0 || c->due > now) continue;
    sleeping--;
    answer_late(c);
    if (!flush(c)) close_connection(c);
  }
}

/** The descriptor of a socket that is there already; -1: there is none, or it is not meant for this process (sd_listen_fds(3)). */
static int inherited(void) {
  // Server::Starter's variable is `port=descriptor` or `host:port=descriptor`.
  const char *given = getenv("SERVER_STARTER_PORT"), *equals = given == NULL ? NULL : strchr(given, '=');
  const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
  if (passed < 0) return equals == NULL ? -1 : atoi(equals + 1);
  return count != NULL && pid != NULL && atoi(pid) == getpid() && passed < 3 + atoi(count) ? passed : -1;
}

/** By a newline where the manager waits for one, and by a line of output. */
static void say_ready(void) {
  const char *notify = getenv("NOTIFY_FD");
  if (notify != NULL && write(atoi(notify), "\n", 1) < 1) perror("NOTIFY_FD");
  puts("listening");
  fflush(stdout);
}

static void listen_on(const char *port) {
  listener = inherited();
  if (listener >= 0) {
    fcntl(listener, F_SETFL, O_NONBLOCK);
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    say_ready();
    return;
  }
  if (passed >= 0) {
    fprintf(stderr, "server: descriptor %d is not among LISTEN_FDS, or they are not for pid %d\n", passed, (int)getpid());
    exit(1);
  }
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1024) < 0) {
    perror(port);
    exit(1);
  }
  watch(listener, EPOLLIN, EPOLL_CTL_ADD);
  say_ready();
}

static enum fault read_fault(const char *file) {
  static const char *const names[] = {"", "exits", "never-listens", "listens-late", "sick", "dies", "hangs"};
  char name[32] = "";
  FILE *release = fopen(file, "r");
  if (release == NULL) return FAULT_NONE;
  if (fscanf(release, "%31s", name) < 1) name[0] = 0;
  fclose(release);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return (enum fault)i;
  return FAULT_NONE;
}

static void read_flags(int count, char **words) {
  for (int i = 1; i + 1 < count; i += 2) {
    if (strcmp(words[i], "--port") == 0) server.port = words[i + 1];
    if (strcmp(words[i], "--fd") == 0) passed = atoi(words[i + 1]);
    if (strcmp(words[i], "--release") == 0) server.fault = read_fault(words[i + 1]);
    if (strcmp(words[i], "--stop") == 0)
      stop = words[i + 1][0] == 'l' ? STOP_LINGER : words[i + 1][0] == 'e' ? STOP_EXIT : STOP_CLOSE;
  }
}

static void begin(void) {
  uint64_t now = now_ms();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  term = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  watch(term, EPOLLIN, EPOLL_CTL_ADD);
  if (server.fault == FAULT_EXITS) exit(1);
  if (server.fault == FAULT_DIES) dies_at = now + DIES_AFTER_MS;
  if (server.fault == FAULT_LISTENS_LATE) dies_at = now + LATE_MS;
  if (server.fault == FAULT_NONE || server.fault >= FAULT_SICK) listen_on(server.port);
}

static void at_time(void) {
  uint64_t now = now_ms();
  if (sleeping > 0) wake_sleepers();
  if (dies_at > 0 && now >= dies_at) {
    if (server.fault == FAULT_DIES) _exit(1);
    dies_at = 0;
    listen_on(server.port);
  }
  if (linger_until > 0 && now >= linger_until) {
    linger_until = 0;
    close_idle();
  }
}

int main(int count, char **words) {
  struct epoll_event events[256];
  read_flags(count, words);
  begin();
  while (!server.stopping || connection_count > 0) {
    bool timed = sleeping > 0 || dies_at > 0 || linger_until > 0;
    int ready = epoll_wait(epoll, events, 256, timed ? 2 : -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == term) {
        struct signalfd_siginfo info;
        if (read(term, &info, sizeof info) > 0 && !server.stopping) begin_stop();
      } else if (fd == listener && !server.stopping) accept_all();
      else if (connections[fd] != NULL) serve(connections[fd], (events[i].events & ~(uint32_t)EPOLLOUT) != 0);
    }
    if (timed) at_time();
  }
  return 0;
}
