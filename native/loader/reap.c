#include "reap.h"

#include "report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/** Milliseconds that a helper process gets to end after the plugin's process has. */
#define GRACE 500

/** Milliseconds after which killing is given up: a process in uninterruptible sleep does not die. */
#define KILL_LIMIT 3000

/** At most so many leftovers are reported by name. */
#define REPORT_LIMIT 32

struct process {
  pid_t id;
  pid_t parent;
  bool dead; /* a zombie */
  bool ours; /* descends from the root */
  char name[64];
};

struct table {
  struct process *entries;
  size_t count;
};

/** proc(5), stat: `pid (name) state ppid ...`; the name may hold parentheses and blanks, so the last `)` counts. */
static bool read_process(const char *id, struct process *process) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%.20s/stat", id);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  ssize_t got = read(descriptor, text, sizeof text - 1);
  close(descriptor);
  if (got <= 0) return false;
  text[got] = '\0';
  char *open_mark = strchr(text, '('), *close_mark = strrchr(text, ')');
  char state;
  int parent;
  if (open_mark == NULL || close_mark == NULL || sscanf(close_mark + 1, " %c %d", &state, &parent) != 2) return false;
  *close_mark = '\0';
  *process = (struct process){.id = (pid_t)atoi(id), .parent = (pid_t)parent, .dead = state == 'Z' || state == 'X'};
  snprintf(process->name, sizeof process->name, "%s", open_mark + 1);
  return true;
}

static void table_read(struct table *table) {
  size_t capacity = 0;
  *table = (struct table){0};
  DIR *directory = opendir("/proc");
  if (directory == NULL) return;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (table->count == capacity) {
      size_t larger = capacity == 0 ? 256 : capacity * 2;
      struct process *entries = realloc(table->entries, larger * sizeof *entries);
      if (entries == NULL) break;
      table->entries = entries;
      capacity = larger;
    }
    if (read_process(entry->d_name, &table->entries[table->count])) table->count++;
  }
  closedir(directory);
}

/** Marks what descends from the root and lives. Children may be listed before their parents, so until nothing is new. */
static size_t mark_descendants(struct table *table, pid_t root, pid_t except) {
  size_t living = 0;
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < table->count; i++) {
      struct process *process = &table->entries[i];
      if (process->ours || process->id == except) continue;
      bool ours = process->parent == root;
      for (size_t j = 0; !ours && j < table->count; j++) {
        ours = table->entries[j].ours && table->entries[j].id == process->parent;
      }
      if (!ours) continue;
      process->ours = changed = true;
      if (!process->dead) living++;
    }
  }
  return living;
}

/** The living descendants of the plugin's process: all are orphans by now, adopted by `root`. */
static size_t find_leftovers(struct table *table, const struct isolation *isolation) {
  table_read(table);
  /* Of a process made with CLONE_PARENT we are the parent, whatever namespace it is in. */
  size_t living = mark_descendants(table, getpid(), isolation->init);
  return isolation->init == 0 ? living : living + mark_descendants(table, isolation->init, 0);
}

static void pause_milliseconds(unsigned milliseconds) { usleep(milliseconds * 1000); }

/**
 * Ends everything in the namespace at once: the kernel kills the others with their first process, which is only gone when all
 * of them are. Those whose parent we are (CLONE_PARENT) wait for us.
 */
static void end_namespace(pid_t init) {
  kill(init, SIGKILL);
  for (pid_t ended = 0; ended != init;) {
    ended = waitpid(-1, NULL, __WALL);
    if (ended < 0 && errno != EINTR) return;
  }
}

/** Without a namespace: kill what is there until nothing is; new orphans come to us, the subreaper. */
static void kill_descendants(const struct isolation *isolation) {
  double deadline = report_now() + KILL_LIMIT;
  for (;;) {
    struct table table;
    size_t living = find_leftovers(&table, isolation);
    for (size_t i = 0; i < table.count; i++) {
      if (table.entries[i].ours && !table.entries[i].dead) kill(table.entries[i].id, SIGKILL);
    }
    free(table.entries);
    while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) continue;
    if (living == 0 || report_now() > deadline) return;
    pause_milliseconds(1);
  }
}

unsigned reap_leftovers(const struct isolation *isolation) {
  struct table table;
  size_t living = find_leftovers(&table, isolation);
  for (double deadline = report_now() + GRACE; living > 0 && report_now() < deadline;) {
    free(table.entries);
    pause_milliseconds(5);
    while (isolation->init == 0 && waitpid(-1, NULL, WNOHANG) > 0) continue;
    living = find_leftovers(&table, isolation);
  }
  unsigned reported = 0;
  for (size_t i = 0; i < table.count && reported < REPORT_LIMIT; i++) {
    if (!table.entries[i].ours || table.entries[i].dead) continue;
    struct event event;
    event_begin(&event, "leftover");
    event_number(&event, "process", table.entries[i].id);
    event_text(&event, "name", table.entries[i].name);
    event_send(&event);
    reported++;
  }
  free(table.entries);
  if (isolation->init != 0) end_namespace(isolation->init);
  else kill_descendants(isolation);
  return (unsigned)living;
}
