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

/** A byte as it stands in a JSON string, 1 or 6 bytes without a NUL. */
static size_t escape(char *to, unsigned char byte) {
  static const char DIGITS[] = "0123456789abcdef";
  if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\') {
    *to = (char)byte;
    return 1;
  }
  memcpy(to, "\\u00", 4);
  to[4] = DIGITS[byte >> 4];
  to[5] = DIGITS[byte & 15];
  return 6;
}

static void append_escaped(struct event *event, const char *text) {
  char escaped[6];
  for (size_t i = 0; text[i] != '\0' && i < REPORT_TEXT_LIMIT && has_room(event, 8); i++)
    append(event, escaped, escape(escaped, (unsigned char)text[i]));
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

static void send_all(const char *bytes, size_t size) {
  for (size_t sent = 0; sent < size;) {
    ssize_t written = write(REPORT_DESCRIPTOR, bytes + sent, size - sent);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    sent += (size_t)written;
  }
}

void event_send(struct event *event) {
  append(event, "}\n", 2);
  send_all(event->line, event->used);
}

void report_line(const char *name, const char *phase, int64_t index, const char *text) {
  static char line[6 * REPORT_LINE_LIMIT + 8];
  struct event event;
  size_t used = 0;
  event_begin(&event, name);
  event_text(&event, "phase", phase);
  if (index >= 0) event_number(&event, "index", index);
  append_key(&event, "line");
  append(&event, "\"", 1);
  for (size_t i = 0; text[i] != '\0' && i < REPORT_LINE_LIMIT; i++) used += escape(line + used, (unsigned char)text[i]);
  memcpy(line + used, "\"}\n", 3);
  send_all(event.line, event.used);
  send_all(line, used + 3);
}
