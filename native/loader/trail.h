/**
 * The trail: what the dynamic linker itself tells, through LD_AUDIT, of the paths it searches, the files it opens, the symbols it
 * binds and the constructors it runs. plugin-gate-audit.so (native/audit) writes it into a file that is mapped into the process;
 * the driver reads the file when the process has ended (src/loader/linker-trail.ts), so a crash or a hang loses nothing.
 *
 * The plugin shares that memory, and so the trail is a diagnosis and no proof. What decides is seen from outside (observe.h).
 * All numbers are little-endian; a record begins at a multiple of 8.
 */
#ifndef PLUGIN_GATE_TRAIL_H
#define PLUGIN_GATE_TRAIL_H

#include <stdint.h>

/** Variable with the path of the file; its size is how much fits. Taken out of the environment before any plugin code. */
#define TRAIL_VARIABLE "PLUGIN_GATE_TRAIL"

#define TRAIL_MAGIC UINT64_C(0x31306c6961727470)

/** The longest text of a record, with its NUL. */
#define TRAIL_TEXT 4096

enum trail_kind {
  TRAIL_SEARCH = 1,  /* text: the path that is tried next; flags: LA_SER_*; from: the object that needs it */
  TRAIL_OBJECT,      /* text: path; from: the object's number; value: what its addresses are relative to */
  TRAIL_BIND,        /* text: the symbol, its version; from: the object that uses it; to: the one that defines it */
  TRAIL_LOOKUP,      /* as TRAIL_BIND, for a dlsym */
  TRAIL_BEGIN,       /* a constructor begins; from: its object; value: its address, relative to the object's */
  TRAIL_END,         /* and has returned */
  TRAIL_CLOSE,       /* from: the object that goes away */
};

struct trail {
  uint64_t magic;
  uint64_t used; /* bytes of records */
  uint64_t lost; /* records that did not fit */
};

struct trail_record {
  uint32_t size; /* of the whole record, a multiple of 8; written last: 0 while the rest is being written */
  uint16_t kind;
  uint16_t flags;
  uint64_t time; /* nanoseconds of CLOCK_MONOTONIC */
  uint64_t value;
  uint32_t from;
  uint32_t to;
  /* and texts, each with its NUL */
};

#endif
