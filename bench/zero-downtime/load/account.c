#include <stdlib.h>
#include <string.h>

#include "load.h"

enum { EXAMPLES = 12, AFTER_FAILURE_MS = 10 };

static const char *const names[FAILURES] = {"refused",    "unconnected",  "reset", "unanswered", "truncated",
                                            "bad-status", "wrong-content", "late",  "bad-close"};

struct example {
  enum failure failure;
  uint64_t at, age, waited;
  unsigned carried;
  char detail[96];
};

struct account account;

static struct example examples[EXAMPLES];
static int example_count;
static FILE *samples;

void open_account(void) {
  account.began = now_ns();
  if (options.samples == NULL) return;
  samples = fopen(options.samples, "wb");
  if (samples == NULL) {
    perror(options.samples);
    exit(2);
  }
  setvbuf(samples, NULL, _IOFBF, 1 << 20);
}

void succeed(struct connection *c) {
  account.ok++;
  if (samples == NULL) return;
  uint32_t sample[2] = {(uint32_t)((c->began - account.began) / 10000), (uint32_t)((now_ns() - c->began) / 1000)};
  fwrite(sample, sizeof sample, 1, samples);
}

void fail(struct connection *c, enum failure failure, const char *detail) {
  account.failed[failure]++;
  if (example_count < EXAMPLES) {
    struct example *e = &examples[example_count++];
    uint64_t now = now_ns();
    *e = (struct example){failure, now - account.began, now - c->opened, now - c->began, c->carried, ""};
    snprintf(e->detail, sizeof e->detail, "%s", detail);
  }
  disconnect(c);
  // A pause, so that failures do not become the load.
  c->due = now_ns() + AFTER_FAILURE_MS * 1000000ull;
}

static void print_text(const char *text) {
  putchar('"');
  for (; *text != 0 && *text != '\r' && *text != '\n'; text++) putchar(*text == '"' || *text == '\\' || *text < ' ' ? '.' : *text);
  putchar('"');
}

void print_account(void) {
  if (samples != NULL) fclose(samples);
  uint64_t failed = 0;
  for (int i = 0; i < FAILURES; i++) failed += account.failed[i];
  printf("{\"beganNs\":\"%llu\",\"seconds\":%.3f,\"requests\":%llu,\"ok\":%llu,\"failed\":%llu,\"failures\":{",
         (unsigned long long)account.began, (double)(now_ns() - account.began) / 1e9,
         (unsigned long long)account.requests, (unsigned long long)account.ok, (unsigned long long)failed);
  const char *comma = "";
  for (int i = 0; i < FAILURES; i++) {
    if (account.failed[i] == 0) continue;
    printf("%s\"%s\":%llu", comma, names[i], (unsigned long long)account.failed[i]);
    comma = ",";
  }
  printf("},\"badStatuses\":{");
  comma = "";
  for (int i = 0; i < 600; i++) {
    if (account.statuses[i] == 0) continue;
    printf("%s\"%d\":%llu", comma, i, (unsigned long long)account.statuses[i]);
    comma = ",";
  }
  printf("},\"connections\":%llu,\"foundClosed\":%llu,\"sessions\":%llu,\"crossed\":%llu,\"examples\":[",
         (unsigned long long)account.connections, (unsigned long long)account.found_closed,
         (unsigned long long)account.sessions, (unsigned long long)account.crossed);
  for (int i = 0; i < example_count; i++) {
    struct example *e = &examples[i];
    printf("%s{\"what\":\"%s\",\"atMs\":%.1f,\"connectionAgeMs\":%.1f,\"waitedMs\":%.1f,\"carriedBefore\":%u,\"detail\":",
           i > 0 ? "," : "", names[e->failure], (double)e->at / 1e6, (double)e->age / 1e6, (double)e->waited / 1e6, e->carried);
    print_text(e->detail);
    putchar('}');
  }
  printf("]}\n");
}
