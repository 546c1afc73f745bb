/** The plugin's file, before any of it is mapped (../loader/check.h). */
#include "../loader/check.h"

#include "fuzz.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

const char *const fuzz_words[] = {"\x7f" "ELF", "\x02\x01\x01", NULL};

/** What the dynamic linker will take at its word. */
static void check_loadable(const uint8_t *data, size_t size) {
  Elf64_Ehdr header;
  MUST(size >= sizeof header);
  memcpy(&header, data, sizeof header);
  for (unsigned i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    MUST(header.e_phoff + (i + 1) * sizeof segment <= size);
    memcpy(&segment, data + header.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type == PT_LOAD) MUST(segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset);
  }
}

void fuzz_one(const uint8_t *data, size_t size) {
  static const char *const PROBLEMS = " unreadable not-elf class endian machine type truncated malformed ";
  struct layout layout;
  int file = fuzz_file(data, size);
  const char *problem = check_file(file, &layout);
  close(file);
  if (problem == NULL) check_loadable(data, size);
  else MUST(strstr(PROBLEMS, problem) != NULL);
}
