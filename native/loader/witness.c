#include "witness.h"

#include "memory.h"

#include <string.h>
#include <unistd.h>

/** Milliseconds in which a child that said "returned" is expected to wait for its nonce. */
#define POSITION_TIMEOUT 250

/** Whether the main thread waits where it waited before any plugin code ran. A moment is given: it may still be on its way. */
static const char *check_position(const struct supervisor *supervisor) {
  if (!supervisor->home.known) return "unknown";
  struct position position;
  for (double deadline = report_now() + POSITION_TIMEOUT;;) {
    position = position_read(supervisor->child.process);
    if (position_equal(&position, &supervisor->home)) return "expected";
    if (report_now() > deadline) return !position.known ? "unknown" : supervisor->moved ? "moved" : "elsewhere";
    usleep(200);
  }
}

/** Files with executable mappings that were not there before: the plugin and what it brought. */
static void report_objects(const struct supervisor *supervisor, const struct maps *maps) {
  const char *last = "";
  for (size_t i = 0; i < maps->count; i++) {
    const struct mapping *mapping = &maps->entries[i];
    if (!mapping->executable || mapping->path[0] != '/' || strcmp(mapping->path, last) == 0) continue;
    last = mapping->path;
    if (maps_has(&supervisor->before, mapping->path) || maps_has(&supervisor->now, mapping->path)) continue;
    struct event event;
    event_begin(&event, "object");
    event_phase(&event, supervisor);
    event_text(&event, "path", mapping->path);
    event_hex(&event, "base", mapping->start - mapping->offset);
    event_send(&event);
  }
}

static int64_t count_writable_code(const struct maps *maps) {
  int64_t count = 0;
  for (size_t i = 0; i < maps->count; i++) count += maps->entries[i].writable && maps->entries[i].executable;
  return count;
}

void observe(struct supervisor *supervisor) {
  struct maps maps;
  struct usage usage;
  struct event event;
  const char *position = check_position(supervisor);
  bool mapped = maps_read(supervisor->child.process, &maps);
  usage_read(supervisor->child.process, &usage);
  supervisor->threads = usage.threads;
  if (mapped) report_objects(supervisor, &maps);
  event_begin(&event, "state");
  event_phase(&event, supervisor);
  event_text(&event, "position", position);
  event_flag(&event, "observed", mapped);
  event_number(&event, "resident", usage.resident);
  event_number(&event, "virtual", usage.virtual_size);
  event_number(&event, "threads", usage.threads);
  event_number(&event, "descriptors", usage.descriptors);
  if (mapped) {
    event_flag(&event, "mapped", maps_has(&maps, supervisor->job->file));
    event_number(&event, "writableCode", count_writable_code(&maps));
  }
  event_send(&event);
  report_code(supervisor);
  report_descriptors(supervisor, strcmp(supervisor->phase, "close") == 0);
  maps_free(&supervisor->now);
  if (mapped) supervisor->now = maps;
  else maps_free(&maps);
}

bool is_mapped(const struct supervisor *supervisor, bool told) {
  return supervisor->now.count > 0 ? maps_has(&supervisor->now, supervisor->job->file) : told;
}

void event_place(struct event *event, const struct maps *maps, const char *object, const char *offset, uint64_t address) {
  const struct mapping *mapping = maps_find(maps, address);
  if (mapping == NULL) return;
  event_text(event, object, mapping->path);
  event_hex(event, offset, address - mapping->start + mapping->offset);
}
