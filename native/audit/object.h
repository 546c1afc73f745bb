/** What the audit library knows of a file that the dynamic linker has opened, by its dynamic section. */
#ifndef PLUGIN_GATE_OBJECT_H
#define PLUGIN_GATE_OBJECT_H

#include <link.h>
#include <stddef.h>
#include <stdint.h>

/** Files that are told apart; those beyond have the number 0, and their constructors are not timed. */
#define MOST_OBJECTS 256

struct object {
  uintptr_t base;
  const ElfW(Half) *versions; /* DT_VERSYM */
  const char *definitions;    /* DT_VERDEF */
  size_t definition_count;
  const char *strings;
  size_t strings_size;
  const ElfW(Sym) *symbols;
  const ElfW(Rela) *relocations; /* DT_RELA */
  size_t relocations_size;
  ElfW(Dyn) *initialiser; /* DT_INIT */
  ElfW(Dyn) *array;       /* DT_INIT_ARRAY */
  ElfW(Dyn) *array_size;
};

/** Reads the dynamic section of a file that was just mapped. Its numbers begin at 1; NULL beyond the limit. */
struct object *object_add(const struct link_map *map, uint32_t *number);

/** NULL for a number that is none. */
const struct object *object_at(uint32_t number);

/** Number of the object in whose memory an address lies, as far as their beginnings tell; 0: none. */
uint32_t object_holding(uintptr_t address);

/** Name of the version of a symbol that the object defines, by the symbol's place in the table; NULL: it has none. */
const char *object_version(const struct object *object, unsigned symbol);

#endif
