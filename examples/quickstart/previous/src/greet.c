#include "greet.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct greet {
  const char *word;
  unsigned flags;
  unsigned long greeted;
};

static const struct {
  const char *language;
  const char *word;
} words[] = {{"en", "Hello, "}, {"de", "Guten Tag, "}, {"fr", "Bonjour, "}};

const struct greet_info greet_info = {1, "greet", "1.0.0"};

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
  greet->greeted = 0;
  return greet;
}

int greet_filter(struct greet *greet, const char *name, struct greet_result *result) {
  size_t word = strlen(greet->word), length = strlen(name);
  if (length >= sizeof result->text - word) return -1;
  memcpy(result->text, greet->word, word);
  memcpy(result->text + word, name, length + 1);
  result->length = word + length;
  if (greet->flags & GREET_SHOUT)
    for (char *c = result->text; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
  greet->greeted++;
  return 0;
}

void greet_close(struct greet *greet) { free(greet); }

int greet_health(void) {
  struct greet_options options = {"en", 0};
  struct greet_result result;
  struct greet *greet = greet_open(&options);
  int healthy = greet != NULL && greet_filter(greet, "you", &result) == 0 && strcmp(result.text, "Hello, you") == 0;
  greet_close(greet);
  return healthy ? 0 : 1;
}
