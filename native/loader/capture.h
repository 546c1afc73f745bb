/**
 * What the plugin prints. Read from pipes as it comes, so that a plugin never blocks on a full pipe; kept up to a limit, and
 * passed on as it is on the loader's own standard output and standard error, never on the report.
 */
#ifndef PLUGIN_GATE_CAPTURE_H
#define PLUGIN_GATE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct capture {
  int descriptor; /* read end, not blocking; -1 when closed */
  char *kept;
  size_t used;
  size_t limit;
  bool end; /* the last bytes are kept, and not the first */
  uint64_t seen;     /* bytes in all */
  uint64_t reported; /* bytes of `seen` that an earlier phase has reported */
};

/** Makes a pipe; the write end for the child goes to *write_end. False without memory or descriptors. */
bool capture_open(struct capture *capture, size_t limit, bool end, int *write_end);

/** Reads what is there, at most 1 MiB a call so that a flood cannot hold up deadlines. */
void capture_drain(struct capture *capture);

/** Passes on what was kept, at most as much as the limit, to a descriptor. */
void capture_forward(const struct capture *capture, int descriptor);

#endif
