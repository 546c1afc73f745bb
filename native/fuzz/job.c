/** The job on standard input: everything that a configuration can bring into the loader (../loader/job.h). */
#include "../loader/job.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const fuzz_words[] = {
    "plugin-gate-job 1\n", "\nend\n",      "\nfile /",    "\nsymbol ", "\nprobe int ", "\nprobe string ", "\nprobe void ",
    "\ntimeout open ",     "\nlimit ",     "address-space ", "file-size ", "output ",    "\nnamespaces off", "\nunload off",
    "\nsuccessor /",       "\nexpect -",   "\ncycles ",   "\nprofile strict", "\nprofile go", "\nkill on", "\nread /",
    "\nwrite /",           "\nallow ",     "openat ",     "clone3",    " 0=1",         " 5=18446744073709551615",
    " 0=1 1=2 2=3 3=4 4=5 5=6", "\nhost /", "\nargument ", "\nenvironment A=", "\nacts on", "\nexecute /", "\ntrail /", NULL};

static void check_policy(const struct policy *policy) {
  for (size_t i = 0; i < policy->permission_count; i++) {
    const struct permission *permission = &policy->permissions[i];
    MUST(permission->count <= CONDITION_LIMIT);
    for (size_t k = 0; k < permission->count; k++) MUST(permission->conditions[k].argument < 6);
  }
  for (size_t i = 0; i < policy->readable_count; i++) MUST(policy->readable[i][0] == '/');
  for (size_t i = 0; i < policy->executable_count; i++) MUST(policy->executable[i][0] == '/');
  MUST(policy->trail == NULL || policy->trail[0] == '/');
  for (size_t i = 0; i < policy->writable_count; i++) MUST(policy->writable[i][0] == '/');
}

/** A loader reads one job and keeps it; here there are thousands. */
static void free_tables(struct job *job) {
  free(job->symbols);
  free(job->probes);
  free(job->policy.readable);
  free(job->policy.writable);
  free(job->policy.executable);
  free(job->arguments);
  free(job->variables);
  free(job->policy.permissions);
}

static void check_job(struct job *job) {
  MUST(job->file != NULL && job->file[0] == '/' && strchr(job->file, '\n') == NULL);
  MUST(job->timeouts.open > 0 && job->timeouts.exit > 0);
  for (size_t i = 0; i < job->symbol_count; i++) MUST(job->symbols[i][0] != '\0');
  for (size_t i = 0; i < job->probe_count; i++) MUST(signature_name(job->probes[i].signature) != NULL);
  MUST(job->host == NULL || (job->host[0] == '/' && job->successor == NULL && job->cycles == 0));
  MUST(job->policy.runtime == (job->host != NULL));
  for (size_t i = 0; i < job->variable_count; i++) MUST(strchr(job->variables[i], '=') != NULL);
  check_policy(&job->policy);
  policy_prepare(&job->policy);
  check_policy(&job->policy);
}

void fuzz_one(const uint8_t *data, size_t size) {
  struct job job = {0};
  int file = fuzz_file(data, size);
  const char *problem = job_read(file, &job);
  close(file);
  if (problem == NULL) check_job(&job);
  else MUST(strlen(problem) > 0);
  free_tables(&job);
}
