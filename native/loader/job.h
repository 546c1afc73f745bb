/**
 * The job: what to load, what to look up, what to call, and for how long. Read once from standard input, before
 * any plugin code exists in the process, as lines of text:
 *
 *   plugin-gate-job 1
 *   file /absolute/path/plugin.so
 *   symbol NAME                      must resolve by dlsym; repeatable
 *   probe int|void|string NAME       called after the symbols; repeatable
 *   timeout open|symbol|probe|close|exit MILLISECONDS
 *   limit address-space|file-size|output BYTES       0 is "no limit" for address-space
 *   namespaces off                   do not try user and process namespaces
 *   unload off                       end the process without dlclose
 *   successor /absolute/path/new.so  rehearse a swap from `file`, the previous release; takes exactly one probe
 *   expect NUMBER                    what the probe of a rehearsal returns when all is well; 0 unless given
 *   cycles COUNT                     instead of symbols and probes: load and unload so often, and see what stays
 *   profile audit|c|go|strict        what the plugin's process may ask of the kernel (policy.h); `audit` unless given
 *   kill on                          a denied system call ends the process, instead of failing
 *   read PATH, write PATH            what it may read or change, with all beneath; repeatable
 *   allow NAME [ARGUMENT=VALUE]...   a system call that is allowed besides, when its arguments 0 to 5 have these values
 *   host /absolute/path/program      a program that loads `file` in place of the loader's own code (host.h)
 *   argument TEXT                    of the host; repeatable
 *   environment NAME=VALUE           the host's environment, nothing is inherited; repeatable
 *   acts on                          the host rehearses a swap, in place of symbols and probes
 *   execute PATH                     what may be started, before any plugin code; repeatable
 *   trail PATH                       the file that the audit library writes to in the host
 *   end
 */
#ifndef PLUGIN_GATE_JOB_H
#define PLUGIN_GATE_JOB_H

#include "policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** How a probe is called, and what its result means; what "healthy" is, is judged by the driver. */
enum signature {
  SIGNATURE_INT,    /* int NAME(void): the number is reported */
  SIGNATURE_VOID,   /* void NAME(void): that it returned is reported */
  SIGNATURE_STRING, /* const char *NAME(void): the text is reported, cut to TEXT_SIZE */
};

struct probe {
  const char *name;
  enum signature signature;
};

/** Milliseconds that each phase may take. */
struct timeouts {
  uint64_t open;
  uint64_t symbol;
  uint64_t probe;
  uint64_t close;
  uint64_t exit;
};

struct job {
  const char *file;
  const char **symbols;
  size_t symbol_count;
  struct probe *probes;
  size_t probe_count;
  struct timeouts timeouts;
  uint64_t address_space; /* bytes; 0: no limit */
  uint64_t file_size;     /* bytes a process may write to one file */
  size_t output;          /* bytes kept of each of stdout and stderr */
  bool namespaces;
  bool unload;
  uint64_t cycles;
  const char *successor; /* NULL: no rehearsal */
  int32_t expected;
  const char *host; /* NULL: the loader's own code loads the plugin */
  char **arguments;
  size_t argument_count;
  char **variables;
  size_t variable_count;
  bool acts;
  struct policy policy;
};

/**
 * Reads a job from a descriptor up to its `end` line. The texts live until the process ends.
 * Returns NULL, or what is wrong with the job.
 */
const char *job_read(int descriptor, struct job *job);

/** The name of a signature as the job and the report spell it. */
const char *signature_name(enum signature signature);

#endif
