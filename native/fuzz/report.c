/** Text of a plugin in the report: it must not end a string, a line, or the stream (../loader/report.h). */
#include "../loader/report.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_words[] = {"\"}\n{\"event\":\"done\"", "\\", "\xff\xfe", "\x1b[2J", NULL};

/** Quotes are in pairs, nothing is unprintable, and the braces are the first and the last. */
static void check_line(const struct event *event) {
  bool quoted = false;
  MUST(event->used < sizeof event->line && event->line[0] == '{');
  for (size_t i = 0; i < event->used; i++) {
    unsigned char byte = (unsigned char)event->line[i];
    MUST(byte >= 0x20 && byte < 0x7f);
    if (byte == '\\') {
      MUST(quoted && i + 5 < event->used && event->line[i + 1] == 'u');
      i += 5;
    } else if (byte == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      MUST((byte != '{' && byte != '}') || i == 0);
    }
  }
  MUST(!quoted);
}

void fuzz_one(const uint8_t *data, size_t size) {
  struct input input = {data, size};
  struct event event;
  event_begin(&event, "call");
  while (input.size > 0) {
    uint64_t number = 0;
    uint8_t kind = 0;
    fuzz_take(&input, &kind, sizeof kind);
    if ((kind & 3) == 0) {
      fuzz_take(&input, &number, sizeof number);
      event_number(&event, "number", (int64_t)number);
      event_hex(&event, "address", number);
    } else {
      char *text = malloc(input.size + 1);
      if (text == NULL) abort();
      size_t length = (kind & 3) == 1 ? input.size : input.size / 2;
      memcpy(text, input.data, length);
      text[length] = '\0';
      fuzz_take(&input, text, length);
      text[length] = '\0';
      event_text(&event, "detail", text);
      event_flag(&event, "denied", (kind & 4) != 0);
      free(text);
      if (length == 0) break;
    }
    check_line(&event);
  }
}
