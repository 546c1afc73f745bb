/* Interface of the greet plugin, release 2.0: greetings come from templates. */
#ifndef GREET_H
#define GREET_H

#include <stddef.h>

#define GREET_EXPORT __attribute__((visibility("default")))

struct greet_info {
  unsigned api;
  const char *name;
  const char *version;
  const char *templates;
};

struct greet_options {
  const char *language;
  const char *template_name;
  unsigned flags;
};

#define GREET_SHOUT 1u

struct greet_result {
  size_t length;
  unsigned template_id;
  char text[240];
};

struct greet;

GREET_EXPORT extern const struct greet_info greet_info;
GREET_EXPORT struct greet *greet_open(const struct greet_options *options);
GREET_EXPORT int greet_filter(struct greet *greet, const char *name, struct greet_result *result);
GREET_EXPORT void greet_free(struct greet *greet);
GREET_EXPORT const char *const *greet_languages(void);
GREET_EXPORT int greet_health(void);

#endif
