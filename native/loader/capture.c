#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool capture_open(struct capture *capture, size_t limit, bool end, int *write_end) {
  int ends[2];
  /* Twice the room for the end: it is moved down once in a while, and not with every read. */
  *capture = (struct capture){.descriptor = -1, .limit = limit, .end = end, .kept = malloc((end ? 2 * limit : limit) + 1)};
  if (capture->kept == NULL || pipe2(ends, O_CLOEXEC) != 0) return false;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  capture->descriptor = ends[0];
  *write_end = ends[1];
  return true;
}

/** Makes room for `size` bytes more by giving up the first ones; how many of them can be kept. */
static size_t make_room(struct capture *capture, const char **bytes, size_t size) {
  if (!capture->end) return size < capture->limit - capture->used ? size : capture->limit - capture->used;
  if (size > capture->limit) {
    *bytes += size - capture->limit;
    size = capture->limit;
  }
  if (capture->used + size > 2 * capture->limit) {
    size_t stays = capture->limit - size < capture->used ? capture->limit - size : capture->used;
    memmove(capture->kept, capture->kept + capture->used - stays, stays);
    capture->used = stays;
  }
  return size;
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
    const char *bytes = buffer;
    size_t taken = make_room(capture, &bytes, (size_t)got);
    memcpy(capture->kept + capture->used, bytes, taken);
    capture->used += taken;
    capture->seen += (uint64_t)got;
  }
}

void capture_forward(const struct capture *capture, int descriptor) {
  for (size_t sent = capture->used > capture->limit ? capture->used - capture->limit : 0; sent < capture->used;) {
    ssize_t written = write(descriptor, capture->kept + sent, capture->used - sent);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    sent += (size_t)written;
  }
}
