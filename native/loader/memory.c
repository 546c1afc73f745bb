#include "memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** Events of one look; a process can have tens of thousands of mappings. */
#define MOST_TOLD 16

/** Lines that are read: about 25 for each mapping. */
#define MOST_LINES 2000000

struct told {
  char path[512];
  bool writable;
  bool changed;
};

static void tell(const struct supervisor *supervisor, const struct told *told) {
  struct event event;
  event_begin(&event, "code");
  event_phase(&event, supervisor);
  event_text(&event, "path", told->path);
  event_flag(&event, "writable", told->writable);
  event_flag(&event, "changed", told->changed);
  event_flag(&event, "own", strcmp(told->path, supervisor->job->file) == 0);
  event_flag(&event, "before", told->path[0] == '/' && maps_has(&supervisor->before, told->path));
  event_send(&event);
}

/** One entry for each path; what does not fit is not told. */
static void note(struct told *list, size_t *count, const char *path, bool writable, bool changed) {
  size_t at = 0;
  while (at < *count && strcmp(list[at].path, path) != 0) at++;
  if (at == MOST_TOLD) return;
  if (at == *count) {
    list[at] = (struct told){0};
    snprintf(list[at].path, sizeof list[at].path, "%s", path);
    ++*count;
  }
  list[at].writable |= writable;
  list[at].changed |= changed;
}

/**
 * proc(5), smaps: a line as in maps for each mapping, then its sizes. `Anonymous` of a private mapping of a file are the pages
 * that are no longer those of the file. Relocation writes to code only where a file has text relocations.
 */
void report_code(const struct supervisor *supervisor) {
  struct told list[MOST_TOLD];
  size_t count = 0;
  char name[64], path[512] = "";
  bool code = false;
  char *line = NULL;
  size_t size = 0;
  snprintf(name, sizeof name, "/proc/%d/smaps", (int)supervisor->child.process);
  FILE *file = fopen(name, "re");
  if (file == NULL) return;
  for (unsigned lines = 0; lines < MOST_LINES && getline(&line, &size, file) > 0; lines++) {
    uint64_t from, to, anonymous;
    char rights[8];
    int rest = 0;
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %*s %*s %*s%n", &from, &to, rights, &rest) == 3 && rest > 0) {
      line[strcspn(line, "\n")] = '\0';
      while (line[rest] == ' ') rest++;
      snprintf(path, sizeof path, "%s", line + rest);
      code = rights[2] == 'x';
      if (code && rights[1] == 'w') note(list, &count, path, true, false);
    } else if (code && path[0] == '/' && sscanf(line, "Anonymous: %" SCNu64, &anonymous) == 1 && anonymous > 0) {
      note(list, &count, path, false, true);
    }
  }
  free(line);
  fclose(file);
  for (size_t i = 0; i < count; i++) tell(supervisor, &list[i]);
}
