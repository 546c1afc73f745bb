/**
 * What is read of the child in /proc: a plugin chooses the names of the files that it maps (../loader/observe.h). The file with the
 * parser is taken in whole, as the parser is its own affair.
 */
#include "../loader/observe.c"

#include "fuzz.h"

const char *const fuzz_words[] = {"7f0000000000-7f0000001000 r-xp 00001000 fe:00 123   /usr/lib/x.so", "\n", " (deleted)", "[heap]",
                                  "rw-p", "\\012", "VmRSS:", "\nThreads:\t", NULL};

static void read_maps(char *text, struct maps *maps) {
  for (char *line = text, *next; line != NULL && *line != '\0'; line = next) {
    next = strchr(line, '\n');
    if (next != NULL) *next++ = '\0';
    if (parse_mapping(line, &maps->entries[maps->count])) maps->count++;
  }
}

void fuzz_one(const uint8_t *data, size_t size) {
  const struct layout layout = {.first_address = 0, .relro_address = 0x3000, .relro_size = 0x1000};
  size_t lines = 1;
  char *text = malloc(size + 1);
  if (text == NULL) abort();
  memcpy(text, data, size);
  text[size] = '\0';
  for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
  status_field(text, "\nVmRSS:");
  struct maps maps = {.text = text, .entries = calloc(lines, sizeof(struct mapping))};
  if (maps.entries == NULL) abort();
  read_maps(text, &maps);
  MUST(maps.count <= lines);
  for (size_t i = 0; i < maps.count; i++) {
    const struct mapping *mapping = &maps.entries[i];
    MUST(mapping->path >= text && mapping->path <= text + size);
    const struct mapping *found = maps_find(&maps, mapping->start);
    MUST(found == NULL || (found->start <= mapping->start && mapping->start < found->end));
    maps_has(&maps, mapping->path);
    maps_base(&maps, mapping->path);
    maps_stage(&maps, mapping->path, &layout);
  }
  for (size_t i = 0; i + CALL_BYTES <= size && i < 64; i++) is_call(data + i);
  maps_free(&maps);
}
