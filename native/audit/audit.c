/**
 * plugin-gate-audit.so: what the dynamic linker does, written down (rtld-audit(7)). Named by LD_AUDIT when the loader or a Go host
 * is started; needs no library, not even the C library. Everything that is opened once the program runs is told of; what the
 * program itself needs is only given numbers.
 */
#include "constructors.h"
#include "object.h"
#include "write.h"

#define PUBLIC __attribute__((visibility("default")))

static bool running;

__attribute__((constructor)) static void begin(int count, char **words, char **environment) {
  (void)count;
  (void)words;
  trail_open(environment);
}

/** The interface has stayed what it is for what is used here: any version is answered with itself. */
PUBLIC unsigned la_version(unsigned version);
PUBLIC void la_preinit(uintptr_t *cookie);
PUBLIC char *la_objsearch(const char *name, uintptr_t *cookie, unsigned flag);
PUBLIC unsigned la_objopen(struct link_map *map, Lmid_t namespace, uintptr_t *cookie);
PUBLIC unsigned la_objclose(uintptr_t *cookie);
PUBLIC uintptr_t la_symbind64(ElfW(Sym) *symbol, unsigned index, uintptr_t *from, uintptr_t *to, unsigned *flags,
                              const char *name);

unsigned la_version(unsigned version) { return version; }

/** All that the program was linked with is there, and its main function comes next. */
void la_preinit(uintptr_t *cookie) {
  (void)cookie;
  running = true;
}

char *la_objsearch(const char *name, uintptr_t *cookie, unsigned flag) {
  const struct trail_record record = {.kind = TRAIL_SEARCH, .flags = (uint16_t)flag, .from = (uint32_t)*cookie};
  if (running) trail_write(record, name, NULL);
  /* glibc takes the name back as it gave it. */
  return (char *)(uintptr_t)name;
}

unsigned la_objopen(struct link_map *map, Lmid_t namespace, uintptr_t *cookie) {
  uint32_t number;
  (void)namespace;
  struct object *object = object_add(map, &number);
  const struct trail_record record = {.kind = TRAIL_OBJECT, .flags = running, .from = number, .value = map->l_addr};
  *cookie = number;
  trail_write(record, map->l_name, NULL);
  if (!running || !trail_is_open()) return LA_FLG_BINDTO;
  if (object != NULL) constructors_watch(object, number);
  return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

unsigned la_objclose(uintptr_t *cookie) {
  const struct trail_record record = {.kind = TRAIL_CLOSE, .from = (uint32_t)*cookie};
  if (running) trail_write(record, NULL, NULL);
  return 0;
}

uintptr_t la_symbind64(ElfW(Sym) *symbol, unsigned index, uintptr_t *from, uintptr_t *to, unsigned *flags, const char *name) {
  const struct object *definer = object_at((uint32_t)*to);
  const struct trail_record record = {
      .kind = (*flags & LA_SYMB_DLSYM) != 0 ? TRAIL_LOOKUP : TRAIL_BIND,
      .from = (uint32_t)*from,
      .to = (uint32_t)*to,
      .value = symbol->st_value,
  };
  if (running) trail_write(record, name, definer == NULL ? NULL : object_version(definer, index));
  return symbol->st_value;
}
