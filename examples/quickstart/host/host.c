/* A host of the greet plugin: loads it, asks for its health, and greets the names in its arguments. */
#include <dlfcn.h>
#include <stdio.h>

#include "greet.h"

static void *must_find(void *plugin, const char *name) {
  void *address = dlsym(plugin, name);
  if (address == NULL) fprintf(stderr, "greet-host: the plugin has no %s\n", name);
  return address;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: greet-host PLUGIN NAME...\n");
    return 2;
  }
  void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == NULL) {
    fprintf(stderr, "greet-host: %s\n", dlerror());
    return 1;
  }
  const struct greet_info *info = must_find(plugin, "greet_info");
  struct greet *(*open)(const struct greet_options *);
  int (*filter)(struct greet *, const char *, struct greet_result *);
  void (*close)(struct greet *);
  int (*health)(void);
  *(void **)&open = must_find(plugin, "greet_open");
  *(void **)&filter = must_find(plugin, "greet_filter");
  *(void **)&close = must_find(plugin, "greet_close");
  *(void **)&health = must_find(plugin, "greet_health");
  if (info == NULL || open == NULL || filter == NULL || close == NULL || health == NULL) return 1;
  if (info->api != 1) {
    fprintf(stderr, "greet-host: the plugin has interface %u, this host knows 1\n", info->api);
    return 1;
  }
  if (health() != 0) {
    fprintf(stderr, "greet-host: %s %s is not able to work\n", info->name, info->version);
    return 1;
  }
  struct greet_options options = {"en", 0};
  struct greet *greet = open(&options);
  struct greet_result result;
  for (int i = 2; greet != NULL && i < argc; i++)
    if (filter(greet, argv[i], &result) == 0) puts(result.text);
  close(greet);
  dlclose(plugin);
  return greet != NULL ? 0 : 1;
}
