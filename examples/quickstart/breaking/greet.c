#define _DEFAULT_SOURCE
#include "greet.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define TEMPLATES "/etc/greet/templates.d"

struct greet {
  const char *word;
  unsigned flags;
  unsigned template_id;
};

static const struct {
  const char *language;
  const char *word;
} words[] = {{"en", "Hello, "}, {"de", "Guten Tag, "}, {"fr", "Bonjour, "}, {"eo", "Saluton, "}};

static const char *const languages[] = {"en", "de", "fr", "eo", NULL};

static unsigned seed;
static int has_templates;

const struct greet_info greet_info = {2, "greet", "2.0.0", TEMPLATES};

/* Runs in every host at the moment it loads the plugin. */
__attribute__((constructor)) static void prepare_templates(void) {
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) seed = 1;
  has_templates = access(TEMPLATES, R_OK) == 0;
}

static const char *word_for(const char *language) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (strcmp(words[i].language, language) == 0) return words[i].word;
  return NULL;
}

struct greet *greet_open(const struct greet_options *options) {
  const char *word = word_for(options->language);
  struct greet *greet = word != NULL ? malloc(sizeof *greet) : NULL;
  if (greet == NULL) return NULL;
  greet->word = word;
  greet->flags = options->flags;
  greet->template_id = options->template_name != NULL ? seed % 16 : 0;
  return greet;
}

int greet_filter(struct greet *greet, const char *name, struct greet_result *result) {
  size_t word = strlen(greet->word), length = strlen(name);
  if (length >= sizeof result->text - word) return -1;
  memcpy(result->text, greet->word, word);
  memcpy(result->text + word, name, length + 1);
  result->length = word + length;
  result->template_id = greet->template_id;
  if (greet->flags & GREET_SHOUT)
    for (char *c = result->text; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
  return 0;
}

void greet_free(struct greet *greet) { free(greet); }

const char *const *greet_languages(void) { return languages; }

/* Without templates it cannot work, and no host has them yet. */
int greet_health(void) {
  struct greet_options options = {"en", "default", 0};
  struct greet_result result;
  if (!has_templates) return 1;
  struct greet *greet = greet_open(&options);
  int healthy = greet != NULL && greet_filter(greet, "you", &result) == 0 && strcmp(result.text, "Hello, you") == 0;
  greet_free(greet);
  return healthy ? 0 : 1;
}
