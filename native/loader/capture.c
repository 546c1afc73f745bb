#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool capture_open(struct capture *capture, size_t limit, int *write_end) {
  int ends[2];
  *capture = (struct capture){.descriptor = -1, .limit = limit, .kept = malloc(limit + 1)};
  if (capture->kept == NULL || pipe2(ends, O_CLOEXEC) != 0) return false;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  capture->descriptor = ends[0];
  *write_end = ends[1];
  return true;
}

void capture_drain(struct capture *capture) {
  static char buffer[65536];
  for (int round = 0; round < 16 && capture->descriptor >= 0; round++) {
    ssize_t got = read(capture->descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    if (got == 0) {
      close(capture->descriptor);
      capture->descriptor = -1;
      return;
    }
    size_t room = capture->limit - capture->used;
    size_t taken = (size_t)got < room ? (size_t)got : room;
    memcpy(capture->kept + capture->used, buffer, taken);
    capture->used += taken;
    capture->seen += (uint64_t)got;
  }
}

void capture_forward(const struct capture *capture, int descriptor) {
  for (size_t sent = 0; sent < capture->used;) {
    ssize_t written = write(descriptor, capture->kept + sent, capture->used - sent);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    sent += (size_t)written;
  }
}
