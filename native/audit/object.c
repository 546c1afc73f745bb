#include "object.h"

/** Entries of a dynamic section that are looked at; real ones have about 30. */
#define MOST_ENTRIES 512

/** Versions that one file may define; glibc has about 40. */
#define MOST_VERSIONS 4096

static struct object objects[MOST_OBJECTS];
static uint32_t count;

/** The dynamic linker has made some of these absolute (elf_get_dynamic_info), depending on its version. */
static uintptr_t absolute(const struct object *object, ElfW(Addr) address) {
  return address < object->base ? object->base + address : address;
}

static void take(struct object *object, ElfW(Dyn) *entry) {
  switch (entry->d_tag) {
    case DT_INIT:
      object->initialiser = entry;
      return;
    case DT_INIT_ARRAY:
      object->array = entry;
      return;
    case DT_INIT_ARRAYSZ:
      object->array_size = entry;
      return;
    case DT_VERSYM:
      object->versions = (const ElfW(Half) *)absolute(object, entry->d_un.d_ptr);
      return;
    case DT_VERDEF:
      object->definitions = (const char *)absolute(object, entry->d_un.d_ptr);
      return;
    case DT_VERDEFNUM:
      object->definition_count = entry->d_un.d_val;
      return;
    case DT_STRTAB:
      object->strings = (const char *)absolute(object, entry->d_un.d_ptr);
      return;
    case DT_SYMTAB:
      object->symbols = (const ElfW(Sym) *)absolute(object, entry->d_un.d_ptr);
      return;
    case DT_RELA:
      object->relocations = (const ElfW(Rela) *)absolute(object, entry->d_un.d_ptr);
      return;
    case DT_RELASZ:
      object->relocations_size = entry->d_un.d_val;
      return;
    case DT_STRSZ:
      object->strings_size = entry->d_un.d_val;
      return;
    default:
      return;
  }
}

struct object *object_add(const struct link_map *map, uint32_t *number) {
  *number = 0;
  if (count == MOST_OBJECTS) return NULL;
  struct object *object = &objects[count];
  *number = ++count;
  object->base = map->l_addr;
  ElfW(Dyn) *entry = map->l_ld;
  for (unsigned i = 0; entry != NULL && i < MOST_ENTRIES && entry[i].d_tag != DT_NULL; i++) take(object, &entry[i]);
  return object;
}

const struct object *object_at(uint32_t number) { return number == 0 || number > count ? NULL : &objects[number - 1]; }

uint32_t object_holding(uintptr_t address) {
  uint32_t number = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (objects[i].base <= address && (number == 0 || objects[i].base > objects[number - 1].base)) number = i + 1;
  }
  return number;
}

/** gABI, symbol versioning: bit 15 hides the symbol; 0 is local, 1 the base version. Only files that the linker has bound with get here. */
const char *object_version(const struct object *object, unsigned symbol) {
  if (object->versions == NULL || object->definitions == NULL || object->strings == NULL) return NULL;
  unsigned index = object->versions[symbol] & 0x7fff;
  if (index < 2) return NULL;
  const char *place = object->definitions;
  for (size_t i = 0; i < object->definition_count && i < MOST_VERSIONS; i++) {
    const ElfW(Verdef) *definition = (const ElfW(Verdef) *)place;
    if ((definition->vd_ndx & 0x7fff) == index) {
      const ElfW(Verdaux) *name = (const ElfW(Verdaux) *)(place + definition->vd_aux);
      return name->vda_name < object->strings_size ? object->strings + name->vda_name : NULL;
    }
    if (definition->vd_next == 0) return NULL;
    place += definition->vd_next;
  }
  return NULL;
}
