#include "supervisor.h"

void event_phase(struct event *event, const struct supervisor *supervisor) {
  event_text(event, "phase", supervisor->phase);
  if (supervisor->index >= 0) event_number(event, "index", supervisor->index);
}

void begin_phase(struct supervisor *supervisor, const char *phase, int64_t index) {
  struct event event;
  supervisor->phase = phase;
  supervisor->index = index;
  event_begin(&event, "begin");
  event_phase(&event, supervisor);
  event_send(&event);
}

void report_output(struct supervisor *supervisor) {
  static const char *const NAMES[] = {"stdout", "stderr"};
  for (int i = 0; i < 2; i++) {
    struct capture *capture = &supervisor->child.output[i];
    capture_drain(capture);
    if (capture->seen == capture->reported) continue;
    struct event event;
    event_begin(&event, "output");
    event_phase(&event, supervisor);
    event_text(&event, "stream", NAMES[i]);
    event_number(&event, "bytes", (int64_t)(capture->seen - capture->reported));
    event_flag(&event, "cut", capture->seen > capture->used);
    event_send(&event);
    capture->reported = capture->seen;
  }
}

void end_phase(struct supervisor *supervisor) {
  struct event event;
  event_begin(&event, "end");
  event_phase(&event, supervisor);
  event_send(&event);
  report_output(supervisor);
}
