#include "paths.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** `/proc/self` and its kin mean the reader itself, which here would be the supervisor. */
static const struct {
  const char *prefix;
  const char *own; /* with the number of the process */
} OWN_NAMES[] = {
    {"/proc/self", "/proc/%d"},          {"/proc/thread-self", "/proc/%d"},  {"/dev/fd", "/proc/%d/fd"},
    {"/dev/stdin", "/proc/%d/fd/0"},     {"/dev/stdout", "/proc/%d/fd/1"},   {"/dev/stderr", "/proc/%d/fd/2"},
};

static bool join(char path[PATH_LIMIT], const char *directory, const char *rest) {
  int length = snprintf(path, PATH_LIMIT, "%s/%s", directory, rest);
  return length > 0 && length < PATH_LIMIT;
}

/** Where a relative path begins. */
static bool start_of(pid_t thread, int directory, char start[PATH_LIMIT]) {
  char link[64];
  if (directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", (int)thread);
  else snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)thread, directory);
  ssize_t length = readlink(link, start, PATH_LIMIT - 1);
  if (length <= 0) return false;
  start[length] = '\0';
  return true;
}

static bool make_absolute(pid_t thread, pid_t process, int directory, const char *text, char absolute[PATH_LIMIT]) {
  char start[PATH_LIMIT];
  if (text[0] != '/') return start_of(thread, directory, start) && join(absolute, start, text);
  for (size_t i = 0; i < sizeof OWN_NAMES / sizeof *OWN_NAMES; i++) {
    size_t length = strlen(OWN_NAMES[i].prefix);
    if (strncmp(text, OWN_NAMES[i].prefix, length) != 0 || (text[length] != '\0' && text[length] != '/')) continue;
    snprintf(start, sizeof start, OWN_NAMES[i].own, (int)process);
    int total = snprintf(absolute, PATH_LIMIT, "%s%s", start, text + length);
    return total > 0 && total < PATH_LIMIT;
  }
  return snprintf(absolute, PATH_LIMIT, "%s", text) < PATH_LIMIT;
}

bool path_resolve(pid_t thread, pid_t process, int directory, const char *text, char path[PATH_LIMIT]) {
  char absolute[PATH_LIMIT], parent[PATH_LIMIT];
  path[0] = '\0';
  if (text[0] == '\0' || !make_absolute(thread, process, directory, text, absolute)) return false;
  if (realpath(absolute, path) != NULL) return true;
  char *name = strrchr(absolute, '/');
  path[0] = '\0';
  if (name == NULL || name == absolute || strcmp(name, "/..") == 0) return false;
  *name = '\0';
  if (realpath(absolute, parent) == NULL || !join(path, parent, name + 1)) path[0] = '\0';
  return false;
}
