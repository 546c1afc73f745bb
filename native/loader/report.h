/**
 * Structured events: one JSON object a line, written by the supervisor alone, to a descriptor that the child which
 * runs plugin code does not have. All text is taken as bytes and written as Latin-1 in JSON escapes, so that no
 * plugin text can end a string, a line, or the stream.
 */
#ifndef PLUGIN_GATE_REPORT_H
#define PLUGIN_GATE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The descriptor of the report; the driver opens it. */
#define REPORT_DESCRIPTOR 3

/** Bytes of plugin text that one field keeps; what is longer is cut. */
#define REPORT_TEXT_LIMIT 2048

/** An event that is being written. Six bytes of JSON for a byte of text is the worst case. */
struct event {
  char line[6 * REPORT_TEXT_LIMIT * 2 + 2048];
  size_t used;
};

/** Starts the clock: times in events are milliseconds of CLOCK_MONOTONIC since this call. */
void report_start(void);

/** Milliseconds since report_start(). */
double report_now(void);

/** The moment of report_start() as text, nanoseconds of CLOCK_MONOTONIC: what other clocks of this machine are compared with. */
void report_clock(struct event *event, const char *key);

/** Begins an event with its name and time. */
void event_begin(struct event *event, const char *name);

void event_text(struct event *event, const char *key, const char *text);

/** A number beyond 2^53 loses precision in the reader; addresses go through event_hex(). */
void event_number(struct event *event, const char *key, int64_t number);

void event_flag(struct event *event, const char *key, bool value);

/** An address as text, `0x...`. */
void event_hex(struct event *event, const char *key, uint64_t value);

/** Bytes of a line that report_line() passes on. */
#define REPORT_LINE_LIMIT 49152

/** An event of a phase with one long text; `index` is left out when it is negative. */
void report_line(const char *name, const char *phase, int64_t index, const char *text);

/** Writes the event in one piece. A reader that went away is noticed elsewhere (supervise.c). */
void event_send(struct event *event);

#endif
