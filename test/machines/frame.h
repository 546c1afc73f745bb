/**
 * What the machine's first process (init.c) and the relay on the host (relay.c) say to each other over a virtio serial port:
 * frames of a head and that many bytes. Both sides are little-endian.
 */
#ifndef MACHINE_FRAME_H
#define MACHINE_FRAME_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

enum frame_kind {
  /* To the machine. Paths and texts end with NUL. */
  FRAME_DIRECTORY = 1, /* path */
  FRAME_FILE,          /* mode (4 bytes), path, content */
  FRAME_VARIABLE,      /* NAME=VALUE of the program's environment */
  FRAME_INPUT,         /* standard input, whole */
  FRAME_RUN,           /* path of the program, working directory, a file to watch; then everything begins anew */
  /* From the machine. */
  FRAME_OUTPUT,  /* descriptor (4 bytes), bytes */
  FRAME_CHANGED, /* the watched file is another, or gone */
  FRAME_ENDED,   /* wait status (4 bytes), processes (4 bytes), files (4 bytes), mounts (4 bytes) that were left behind */
};

struct frame {
  uint32_t run; /* Which run: what a run that was broken off still had to say is passed over. */
  uint32_t kind;
  uint32_t size;
};

#define FRAME_LIMIT (64u << 20)

static inline bool write_all(int descriptor, const void *bytes, size_t size) {
  for (const char *next = bytes; size > 0;) {
    ssize_t count = write(descriptor, next, size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return false;
    next += count;
    size -= (size_t)count;
  }
  return true;
}

static inline bool read_exactly(int descriptor, void *bytes, size_t size) {
  for (char *next = bytes; size > 0;) {
    ssize_t count = read(descriptor, next, size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0) return false;
    next += count;
    size -= (size_t)count;
  }
  return true;
}

static inline bool frame_send(int descriptor, uint32_t run, uint32_t kind, const void *bytes, size_t size) {
  const struct frame frame = {.run = run, .kind = kind, .size = (uint32_t)size};
  return write_all(descriptor, &frame, sizeof frame) && write_all(descriptor, bytes, size);
}

/** The frame's bytes with a closing NUL, to be freed; NULL at the end of the connection. */
static inline char *frame_receive(int descriptor, struct frame *frame) {
  if (!read_exactly(descriptor, frame, sizeof *frame) || frame->size > FRAME_LIMIT) return NULL;
  char *bytes = malloc(frame->size + 1u);
  if (bytes == NULL || !read_exactly(descriptor, bytes, frame->size)) {
    free(bytes);
    return NULL;
  }
  bytes[frame->size] = '\0';
  return bytes;
}

#endif
