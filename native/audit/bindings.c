#include "bindings.h"

#include "write.h"

/** Relocations that are told of one file. */
#define MOST_TOLD 4096

/** Relocations of one file that are looked at; C++ libraries have some hundred thousand. */
#define MOST_RELOCATIONS 1000000

#if defined(__x86_64__)
#define ADDRESS R_X86_64_GLOB_DAT
#define ABSOLUTE R_X86_64_64
#else
#define ADDRESS R_AARCH64_GLOB_DAT
#define ABSOLUTE R_AARCH64_ABS64
#endif

void bindings_tell(const struct object *object, uint32_t number) {
  if (object->relocations == NULL || object->symbols == NULL || object->strings == NULL) return;
  size_t count = object->relocations_size / sizeof *object->relocations, told = 0;
  if (count > MOST_RELOCATIONS) count = MOST_RELOCATIONS;
  for (size_t i = 0; i < count && told < MOST_TOLD; i++) {
    const ElfW(Rela) *relocation = &object->relocations[i];
    unsigned type = (unsigned)ELF64_R_TYPE(relocation->r_info);
    if (type != ADDRESS && type != ABSOLUTE) continue;
    const ElfW(Sym) *symbol = &object->symbols[ELF64_R_SYM(relocation->r_info)];
    if (symbol->st_shndx != SHN_UNDEF || symbol->st_name == 0 || symbol->st_name >= object->strings_size) continue;
    /* The dynamic linker has written there. A weak symbol that nobody has stays 0. */
    uintptr_t address = *(const uintptr_t *)(object->base + relocation->r_offset) - (uintptr_t)relocation->r_addend;
    if (address == 0) continue;
    uint32_t definer = object_holding(address);
    const struct object *other = object_at(definer);
    const struct trail_record record = {
        .kind = TRAIL_BIND,
        .from = number,
        .to = definer,
        .value = other == NULL ? address : address - other->base,
    };
    trail_write(record, object->strings + symbol->st_name, NULL);
    told++;
  }
}
