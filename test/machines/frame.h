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
#include <time.h>
#include <unistd.h>

enum frame_kind {
  /* To the machine. Paths and texts end with NUL. */
  FRAME_DIRECTORY = 1, /* path */
  FRAME_FILE,          /* mode (4 bytes), size (4 bytes), path, content without the zeros at its end */
  FRAME_LINK,          /* path, where it leads */
  FRAME_VARIABLE,      /* NAME=VALUE of the program's environment */
  FRAME_INPUT,         /* standard input, whole */
  FRAME_RUN,           /* paths: program, working directory, file to watch, file to give back; then all begins anew */
  /* From the machine. */
  FRAME_OUTPUT,  /* descriptor (4 bytes), bytes */
  FRAME_CHANGED, /* the watched file is another, or gone */
  FRAME_BACK,    /* content, without the zeros at its end, of the file to give back */
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

/**
 * Reads that many bytes. `patience`: how often, 5 ms apart, an end in their midst is taken for a pause: a serial port seems closed
 * as long as the news has not come that it was opened, while bytes come already.
 */
static inline bool read_exactly(int descriptor, void *bytes, size_t size, unsigned patience) {
  char *next = bytes;
  while (size > 0) {
    ssize_t count = read(descriptor, next, size);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count < 0 || (count == 0 && patience == 0)) return false;
    if (count == 0) {
      const struct timespec moment = {.tv_nsec = 5000000};
      nanosleep(&moment, NULL);
      patience--;
    }
    next += count;
    size -= (size_t)count;
  }
  return true;
}

static inline bool frame_send(int descriptor, uint32_t run, uint32_t kind, const void *bytes, size_t size) {
  const struct frame frame = {.run = run, .kind = kind, .size = (uint32_t)size};
  return write_all(descriptor, &frame, sizeof frame) && write_all(descriptor, bytes, size);
}

/** The frame's bytes with a closing NUL, to be freed; NULL at the end of the connection, and when it is broken off. */
static inline char *frame_receive(int descriptor, struct frame *frame, unsigned patience) {
  char *head = (char *)frame;
  if (!read_exactly(descriptor, head, 1, 0) || !read_exactly(descriptor, head + 1, sizeof *frame - 1, patience) ||
      frame->size > FRAME_LIMIT)
    return NULL;
  char *bytes = malloc(frame->size + 1u);
  if (bytes == NULL || !read_exactly(descriptor, bytes, frame->size, patience)) {
    free(bytes);
    return NULL;
  }
  bytes[frame->size] = '\0';
  return bytes;
}

/** Everything up to the end of a descriptor, behind `head` free bytes, to be freed; NULL without memory. */
static inline char *slurp(int descriptor, size_t head, size_t *size) {
  size_t capacity = head + (1u << 16);
  char *bytes = malloc(capacity);
  for (*size = head; bytes != NULL;) {
    if (capacity - *size < 4096) {
      char *larger = realloc(bytes, capacity *= 2);
      if (larger == NULL) free(bytes);
      bytes = larger;
      continue;
    }
    ssize_t count = read(descriptor, bytes + *size, capacity - *size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    *size += (size_t)count;
  }
  return bytes;
}

/** A size without the zeros at the end, down to `head`. */
static inline size_t without_zeros(const char *bytes, size_t head, size_t size) {
  while (size > head && bytes[size - 1] == '\0') size--;
  return size;
}

#endif
