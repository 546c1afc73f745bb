#include "outlive.h"

#include "witness.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** Threads that are looked at. */
#define MOST_THREADS 4096

/** The code itself is gone from memory, but not from its file. */
static bool follows_call(const char *path, uint64_t offset) {
  unsigned char code[CALL_BYTES];
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return false;
  bool read = offset >= sizeof code && pread(file, code, sizeof code, (off_t)(offset - sizeof code)) == (ssize_t)sizeof code;
  close(file);
  return read && is_call(code);
}

static bool is_gone(const void *now, const struct mapping *mapping, uint64_t address) {
  return !maps_has(now, mapping->path) && follows_call(mapping->path, address - mapping->start + mapping->offset);
}

/** A place that the thread will come back to and that is no longer there; 0: none, or it cannot be told. */
static uint64_t lost_place(const struct supervisor *supervisor, const struct maps *loaded, pid_t thread) {
  struct position position = position_read(thread);
  if (!position.known) return 0;
  return stack_search(supervisor->child.process, position.stack, &supervisor->now, loaded, is_gone, &supervisor->now);
}

unsigned report_outliving(const struct supervisor *supervisor, const struct maps *loaded) {
  char path[64];
  uint64_t first = 0;
  unsigned count = 0;
  snprintf(path, sizeof path, "/proc/%d/task", (int)supervisor->child.process);
  DIR *tasks = opendir(path);
  if (tasks == NULL || supervisor->now.count == 0) {
    if (tasks != NULL) closedir(tasks);
    return 0;
  }
  unsigned looked = 0;
  for (struct dirent *task; looked < MOST_THREADS && (task = readdir(tasks)) != NULL; looked++) {
    pid_t thread = (pid_t)atoi(task->d_name);
    if (thread <= 0 || thread == supervisor->child.process) continue;
    uint64_t place = lost_place(supervisor, loaded, thread);
    if (place == 0) continue;
    count++;
    if (first == 0) first = place;
  }
  closedir(tasks);
  if (count == 0) return 0;
  struct event event;
  event_begin(&event, "outliving");
  event_phase(&event, supervisor);
  event_number(&event, "threads", count);
  event_place(&event, loaded, "object", "callerOffset", first);
  event_send(&event);
  return count;
}
