/* Interface of the greet plugin, release 1.0. */
#ifndef GREET_H
#define GREET_H

#include <stddef.h>

#define GREET_EXPORT __attribute__((visibility("default")))

/* What the host reads first, before it calls anything. */
struct greet_info {
  unsigned api;
  const char *name;
  const char *version;
};

struct greet_options {
  const char *language; /* "en", "de" or "fr" */
  unsigned flags;
};

#define GREET_SHOUT 1u

/* The host owns it and gives it to greet_filter. */
struct greet_result {
  size_t length;
  char text[120];
};

struct greet;

GREET_EXPORT extern const struct greet_info greet_info;

/* Returns NULL for an unknown language or when memory is short. */
GREET_EXPORT struct greet *greet_open(const struct greet_options *options);

/* Writes a greeting for a name; returns 0, or -1 when it does not fit. */
GREET_EXPORT int greet_filter(struct greet *greet, const char *name, struct greet_result *result);

GREET_EXPORT void greet_close(struct greet *greet);

/* Returns 0 when the plugin is able to work. */
GREET_EXPORT int greet_health(void);

#endif
