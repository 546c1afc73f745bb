#include "given.h"

#include "supervisor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** New descriptors that are named; how many there are is in the state. */
#define MOST_ADDED 8

#define WATCHED_FLAGS (O_NONBLOCK | O_ASYNC | O_APPEND)

/** False when there is no such descriptor. */
static bool read_one(pid_t process, int number, struct given *given) {
  char name[64], line[128];
  *given = (struct given){.number = number};
  snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)process, number);
  if (readlink(name, given->target, sizeof given->target - 1) < 0) return false;
  snprintf(name, sizeof name, "/proc/%d/fdinfo/%d", (int)process, number);
  FILE *file = fopen(name, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "flags: %o", &given->flags) == 1) break;
  }
  if (file != NULL) fclose(file);
  given->flags &= WATCHED_FLAGS;
  return true;
}

void given_read(pid_t process, struct given_list *list) {
  char path[64];
  list->count = 0;
  snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
  DIR *directory = opendir(path);
  if (directory == NULL) return;
  for (struct dirent *entry; list->count < MOST_GIVEN && (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    if (read_one(process, atoi(entry->d_name), &list->entries[list->count])) list->count++;
  }
  closedir(directory);
}

static void tell(const struct supervisor *supervisor, int number, const char *what, const char *target) {
  struct event event;
  event_begin(&event, "descriptor");
  event_phase(&event, supervisor);
  event_number(&event, "number", number);
  event_text(&event, "what", what);
  event_text(&event, "target", target);
  event_send(&event);
}

static bool was_given(const struct given_list *list, int number) {
  for (size_t i = 0; i < list->count; i++) {
    if (list->entries[i].number == number) return true;
  }
  return false;
}

void report_descriptors(const struct supervisor *supervisor, bool added) {
  const struct given_list *given = &supervisor->given;
  struct given_list now;
  struct given one;
  given_read(supervisor->child.process, &now);
  /* Nothing at all: it cannot be looked at any more, which is told by the state. */
  if (now.count == 0) return;
  for (size_t i = 0; i < given->count; i++) {
    const struct given *before = &given->entries[i];
    if (!read_one(supervisor->child.process, before->number, &one)) tell(supervisor, before->number, "closed", before->target);
    else if (strcmp(one.target, before->target) != 0) tell(supervisor, before->number, "replaced", one.target);
    else if (one.flags != before->flags) tell(supervisor, before->number, "flags", one.target);
  }
  for (size_t i = 0, told = 0; added && i < now.count && told < MOST_ADDED; i++) {
    if (was_given(given, now.entries[i].number)) continue;
    tell(supervisor, now.entries[i].number, "added", now.entries[i].target);
    told++;
  }
}
