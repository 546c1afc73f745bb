#include "job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** A job longer than this is refused: 100,000 symbol names of ordinary length fit. */
#define JOB_LIMIT (8u << 20)

/** No phase may take longer than a day. */
#define TIMEOUT_LIMIT 86400000u

#define CYCLE_LIMIT 100000u

static const char *const SIGNATURE_NAMES[] = {"int", "void", "string"};

const char *signature_name(enum signature signature) { return SIGNATURE_NAMES[signature]; }

/** All bytes up to the end of the descriptor, with a closing NUL; NULL when too long or unreadable. */
static char *read_all(int descriptor, size_t *length) {
  size_t capacity = 4096, used = 0;
  char *text = malloc(capacity);
  while (text != NULL) {
    ssize_t got = read(descriptor, text + used, capacity - used - 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    if (got == 0) {
      text[used] = '\0';
      *length = used;
      return text;
    }
    used += (size_t)got;
    if (used > JOB_LIMIT) break;
    if (capacity - used < 2) {
      char *larger = realloc(text, capacity * 2);
      if (larger == NULL) break;
      text = larger;
      capacity *= 2;
    }
  }
  free(text);
  return NULL;
}

/** If the line starts with the word and a space, what follows; else NULL. */
static char *after(char *line, const char *word) {
  size_t length = strlen(word);
  return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static bool parse_number(const char *text, uint64_t limit, uint64_t *number) {
  uint64_t value = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + (uint64_t)(*text - '0');
    if (value > limit) return false;
  }
  *number = value;
  return true;
}

static bool parse_timeout(char *text, struct timeouts *timeouts) {
  const struct {
    const char *name;
    uint64_t *value;
  } phases[] = {{"open", &timeouts->open},
                {"symbol", &timeouts->symbol},
                {"probe", &timeouts->probe},
                {"close", &timeouts->close},
                {"exit", &timeouts->exit}};
  for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
    const char *number = after(text, phases[i].name);
    if (number != NULL) return parse_number(number, TIMEOUT_LIMIT, phases[i].value) && *phases[i].value > 0;
  }
  return false;
}

static bool parse_limit(char *text, struct job *job) {
  uint64_t output = 0;
  const char *number = after(text, "address-space");
  if (number != NULL) return parse_number(number, UINT64_MAX / 16, &job->address_space);
  number = after(text, "file-size");
  if (number != NULL) return parse_number(number, UINT64_MAX / 16, &job->file_size);
  number = after(text, "output");
  if (number == NULL || !parse_number(number, 16u << 20, &output)) return false;
  job->output = (size_t)output;
  return true;
}

static bool parse_probe(char *text, struct job *job) {
  for (size_t i = 0; i < sizeof SIGNATURE_NAMES / sizeof *SIGNATURE_NAMES; i++) {
    const char *name = after(text, SIGNATURE_NAMES[i]);
    if (name == NULL || *name == '\0') continue;
    job->probes[job->probe_count++] = (struct probe){.name = name, .signature = (enum signature)i};
    return true;
  }
  return false;
}

/** NULL, or what is wrong with the line. */
static const char *parse_sandbox(char *line, struct policy *policy) {
  char *value;
  if ((value = after(line, "profile")) != NULL) {
    return profile_parse(value, &policy->profile) ? NULL : "a profile that is not `audit`, `c`, `go` or `strict`";
  }
  if (strcmp(line, "kill on") == 0) {
    policy->kill = true;
    return NULL;
  }
  if ((value = after(line, "read")) != NULL) {
    policy->readable[policy->readable_count++] = value;
    return *value == '/' ? NULL : "a path to read that is not absolute";
  }
  if ((value = after(line, "write")) != NULL) {
    policy->writable[policy->writable_count++] = value;
    return *value == '/' ? NULL : "a path to write that is not absolute";
  }
  if ((value = after(line, "execute")) != NULL) {
    policy->executable[policy->executable_count++] = value;
    return *value == '/' ? NULL : "a path to execute that is not absolute";
  }
  if ((value = after(line, "trail")) != NULL) {
    policy->trail = value;
    return *value == '/' ? NULL : "the trail is not an absolute path";
  }
  if ((value = after(line, "allow")) != NULL) {
    return permission_parse(value, &policy->permissions[policy->permission_count++])
               ? NULL
               : "a permission that is not `NAME [ARGUMENT=VALUE]...`";
  }
  return "a line with an unknown word";
}

/** NULL, or what is wrong with the line. */
static const char *parse_host(char *line, struct job *job) {
  char *value;
  if ((value = after(line, "host")) != NULL) {
    job->host = value;
    job->policy.runtime = true;
    return *value == '/' ? NULL : "the host is not an absolute path";
  }
  if ((value = after(line, "argument")) != NULL) {
    job->arguments[job->argument_count++] = value;
    return NULL;
  }
  if ((value = after(line, "environment")) != NULL) {
    job->variables[job->variable_count++] = value;
    return strchr(value, '=') != NULL ? NULL : "a variable that is not `NAME=VALUE`";
  }
  if (strcmp(line, "acts on") == 0) {
    job->acts = true;
    return NULL;
  }
  return parse_sandbox(line, &job->policy);
}

/** NULL, or what is wrong with the line. */
static const char *parse_line(char *line, struct job *job) {
  char *value;
  if ((value = after(line, "file")) != NULL) {
    job->file = value;
    return *value == '/' ? NULL : "the file is not an absolute path";
  }
  if ((value = after(line, "symbol")) != NULL) {
    job->symbols[job->symbol_count++] = value;
    return *value != '\0' ? NULL : "a symbol without a name";
  }
  if ((value = after(line, "probe")) != NULL) {
    return parse_probe(value, job) ? NULL : "a probe that is not `int|void|string NAME`";
  }
  if ((value = after(line, "timeout")) != NULL) {
    return parse_timeout(value, &job->timeouts) ? NULL : "a timeout that is not `PHASE MILLISECONDS`";
  }
  if ((value = after(line, "limit")) != NULL) {
    return parse_limit(value, job) ? NULL : "a limit that is not `NAME BYTES`";
  }
  if (strcmp(line, "namespaces off") == 0) {
    job->namespaces = false;
    return NULL;
  }
  if (strcmp(line, "unload off") == 0) {
    job->unload = false;
    return NULL;
  }
  if ((value = after(line, "successor")) != NULL) {
    job->successor = value;
    return *value == '/' ? NULL : "the successor is not an absolute path";
  }
  if ((value = after(line, "cycles")) != NULL) {
    return parse_number(value, CYCLE_LIMIT, &job->cycles) ? NULL : "a number of cycles that is too large";
  }
  if ((value = after(line, "expect")) != NULL) {
    uint64_t magnitude = 0;
    bool negative = *value == '-';
    if (!parse_number(value + negative, UINT64_C(1) << 31, &magnitude)) return "an expected result that is not a number";
    job->expected = (int32_t)(negative ? -(int64_t)magnitude : (int64_t)magnitude);
    return NULL;
  }
  return parse_host(line, job);
}

const char *job_read(int descriptor, struct job *job) {
  size_t length = 0, lines = 0;
  char *text = read_all(descriptor, &length);
  if (text == NULL) return "it cannot be read, or is longer than 8 MiB";
  if (memchr(text, '\0', length) != NULL) return "it holds a NUL byte";
  for (size_t i = 0; i < length; i++) lines += text[i] == '\n';

  *job = (struct job){
      .timeouts = {.open = 10000, .symbol = 5000, .probe = 5000, .close = 5000, .exit = 5000},
      .address_space = UINT64_C(8) << 30,
      .file_size = UINT64_C(64) << 20,
      .output = 64u << 10,
      .namespaces = true,
      .unload = true,
  };
  /* Every line holds at most one name, so the number of lines bounds all tables. */
  job->symbols = calloc(lines + 1, sizeof *job->symbols);
  job->probes = calloc(lines + 1, sizeof *job->probes);
  job->policy.readable = calloc(lines + 1, sizeof *job->policy.readable);
  job->policy.writable = calloc(lines + 1, sizeof *job->policy.writable);
  job->policy.executable = calloc(lines + 1, sizeof *job->policy.executable);
  job->policy.permissions = calloc(lines + 1, sizeof *job->policy.permissions);
  job->arguments = calloc(lines + 1, sizeof *job->arguments);
  job->variables = calloc(lines + 1, sizeof *job->variables);
  if (job->symbols == NULL || job->probes == NULL || job->policy.readable == NULL || job->policy.writable == NULL ||
      job->policy.executable == NULL || job->policy.permissions == NULL || job->arguments == NULL || job->variables == NULL)
    return "there is no memory for it";

  size_t number = 0;
  for (char *line = text, *next; *line != '\0'; line = next, number++) {
    char *end = strchr(line, '\n');
    if (end == NULL) return "its last line is cut off";
    *end = '\0';
    next = end + 1;
    if (number == 0) {
      if (strcmp(line, "plugin-gate-job 1") != 0) return "it does not begin with `plugin-gate-job 1`";
      continue;
    }
    if (strcmp(line, "end") == 0) {
      if (job->file == NULL) return "it names no file";
      if (job->host != NULL && (job->successor != NULL || job->cycles > 0)) return "a host takes no successor and no cycles";
      return job->successor == NULL || job->probe_count == 1 ? NULL : "a rehearsal takes exactly one probe";
    }
    const char *problem = parse_line(line, job);
    if (problem != NULL) return problem;
  }
  return "it has no `end` line";
}
