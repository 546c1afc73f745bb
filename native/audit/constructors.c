#include "constructors.h"

#include "bindings.h"
#include "system.h"
#include "write.h"

#include <stdbool.h>
#include <time.h>

typedef void constructor(int count, char **words, char **environment);

/** Files whose constructors are timed. */
#define MOST_WATCHED 64

struct watched {
  uint32_t number; /* of the object; 0: not in use */
  uintptr_t base;
  bool begun;
  uintptr_t initialiser; /* absolute; 0: none, or done */
  uintptr_t array;       /* absolute; relocated by the time it is read */
  size_t count;
  constructor *entry; /* what the dynamic linker finds as the one element of the array */
};

static struct watched watched[MOST_WATCHED];
static unsigned used;

static void run_one(const struct watched *file, uintptr_t address, int count, char **words, char **environment) {
  struct trail_record record = {.kind = TRAIL_BEGIN, .from = file->number, .value = address - file->base};
  trail_write(record, NULL, NULL);
  ((constructor *)address)(count, words, environment);
  record.kind = TRAIL_END;
  trail_write(record, NULL, NULL);
}

/** As elf/dl-init.c: first DT_INIT, which is called by itself, then the array. */
static void run(unsigned slot, int count, char **words, char **environment) {
  struct watched *file = &watched[slot];
  if (!file->begun) {
    const struct object *object = object_at(file->number);
    file->begun = true;
    if (object != NULL) bindings_tell(object, file->number);
  }
  if (file->initialiser != 0) {
    uintptr_t address = file->initialiser;
    file->initialiser = 0;
    run_one(file, address, count, words, environment);
    return;
  }
  for (size_t i = 0; i < file->count; i++)
    run_one(file, ((const uintptr_t *)file->array)[i], count, words, environment);
}

/* The linker does not say whose constructor it calls: each file has an entry of its own. */
#define ENTRY(n) \
  static void entry_##n(int count, char **words, char **environment) { run(n, count, words, environment); }
#define EIGHT(X, n) X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7)
/* Octal, so that eight rows of eight count to 63. */
#define ALL(X) EIGHT(X, 00) EIGHT(X, 01) EIGHT(X, 02) EIGHT(X, 03) EIGHT(X, 04) EIGHT(X, 05) EIGHT(X, 06) EIGHT(X, 07)
ALL(ENTRY)
#define NAME(n) entry_##n,
static constructor *const ENTRIES[MOST_WATCHED] = {ALL(NAME)};

/**
 * Points an entry of the dynamic section elsewhere. Whether it can be written is asked of the kernel, which gives an error
 * where we would crash: the time that it writes there is overwritten at once.
 */
static bool redirect(ElfW(Dyn) *entry, ElfW(Xword) value) {
  ElfW(Sxword) tag = entry->d_tag;
  _Static_assert(sizeof *entry == sizeof(struct timespec), "an entry has the size of what clock_gettime writes");
  if (call_kernel(SYS_clock_gettime, CLOCK_MONOTONIC, (long)entry, 0, 0, 0, 0) != 0) return false;
  entry->d_tag = tag;
  entry->d_un.d_val = value;
  return true;
}

void constructors_watch(struct object *object, uint32_t number) {
  bool has_array = object->array != NULL && object->array_size != NULL && object->array_size->d_un.d_val >= sizeof(uintptr_t);
  if (used == MOST_WATCHED || (!has_array && object->initialiser == NULL)) return;
  struct watched *file = &watched[used];
  uintptr_t entry = (uintptr_t)ENTRIES[used];
  *file = (struct watched){.number = number, .base = object->base, .entry = ENTRIES[used]};
  used++;
  if (object->initialiser != NULL) {
    uintptr_t address = object->base + object->initialiser->d_un.d_ptr;
    if (redirect(object->initialiser, entry - object->base)) file->initialiser = address;
  }
  if (has_array) {
    uintptr_t array = object->base + object->array->d_un.d_ptr;
    size_t count = object->array_size->d_un.d_val / sizeof(uintptr_t);
    /* Both or none: an array of one element is where it was, or here. */
    if (!redirect(object->array, (uintptr_t)&file->entry - object->base)) return;
    if (!redirect(object->array_size, sizeof file->entry)) {
      redirect(object->array, array - object->base);
      return;
    }
    file->array = array;
    file->count = count;
  }
}
