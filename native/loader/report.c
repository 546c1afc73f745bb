#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct timespec started;

void report_start(void) { clock_gettime(CLOCK_MONOTONIC, &started); }

double report_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - started.tv_sec) * 1e3 + (double)(now.tv_nsec - started.tv_nsec) / 1e6;
}

/** Room for `}` and the line feed is always kept. */
static bool has_room(const struct event *event, size_t bytes) { return event->used + bytes + 2 <= sizeof event->line; }

static void append(struct event *event, const char *text, size_t length) {
  memcpy(event->line + event->used, text, length);
  event->used += length;
}

static void append_escaped(struct event *event, const char *text) {
  char escape[8];
  for (size_t i = 0; text[i] != '\0' && i < REPORT_TEXT_LIMIT && has_room(event, 8); i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') {
      append(event, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", byte));
    } else {
      append(event, text + i, 1);
    }
  }
}

/** Writes `,"key":`. Keys are constants of this program and short. */
static bool append_key(struct event *event, const char *key) {
  size_t length = strlen(key);
  if (!has_room(event, length + 64)) return false;
  append(event, ",\"", 2);
  append(event, key, length);
  append(event, "\":", 2);
  return true;
}

void event_begin(struct event *event, const char *name) {
  event->used = 0;
  int length = snprintf(event->line, sizeof event->line, "{\"event\":\"%s\",\"time\":%.3f", name, report_now());
  event->used = (size_t)length;
}

void event_text(struct event *event, const char *key, const char *text) {
  if (!append_key(event, key)) return;
  append(event, "\"", 1);
  append_escaped(event, text);
  append(event, "\"", 1);
}

void event_number(struct event *event, const char *key, int64_t number) {
  char digits[32];
  if (!append_key(event, key)) return;
  append(event, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number));
}

void report_clock(struct event *event, const char *key) {
  char digits[48];
  snprintf(digits, sizeof digits, "%llu%09llu", (unsigned long long)started.tv_sec, (unsigned long long)started.tv_nsec);
  event_text(event, key, digits);
}

void event_flag(struct event *event, const char *key, bool value) {
  if (!append_key(event, key)) return;
  append(event, value ? "true" : "false", value ? 4 : 5);
}

void event_hex(struct event *event, const char *key, uint64_t value) {
  char digits[32];
  if (!append_key(event, key)) return;
  append(event, digits, (size_t)snprintf(digits, sizeof digits, "\"0x%llx\"", (unsigned long long)value));
}

void event_send(struct event *event) {
  append(event, "}\n", 2);
  for (size_t sent = 0; sent < event->used;) {
    ssize_t written = write(REPORT_DESCRIPTOR, event->line + sent, event->used - sent);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    sent += (size_t)written;
  }
}
