/**
 * plugin-gate-loader: loads one plugin in a process of its own and reports what happens.
 *
 *   plugin-gate-loader < job 3> report        (job.h; report.h)
 *   plugin-gate-loader --version
 *
 * Exit code 0: the report is complete, whatever it says of the plugin. 2: the loader could not do its work; standard error
 * says why. Killed by a signal: the plugin, or someone else, killed the supervisor.
 */
#include "check.h"
#include "job.h"
#include "report.h"
#include "supervise.h"
#include "trail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#define PROTOCOL 1

static void report_loader(void) {
  struct event event;
  event_begin(&event, "loader");
  event_number(&event, "protocol", PROTOCOL);
  event_text(&event, "machine", MACHINE);
  report_clock(&event, "started");
#ifdef __GLIBC__
  event_text(&event, "libc", "glibc");
  event_text(&event, "libcVersion", gnu_get_libc_version());
#else
  event_text(&event, "libc", "musl");
#endif
  event_send(&event);
}

/** True when the file may be loaded. */
static bool report_check(const struct job *job, struct layout *layout) {
  struct statvfs filesystem;
  struct event event;
  const char *problem = "unreadable";
  bool executable = true;
  int descriptor = open(job->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor >= 0) {
    problem = check_file(descriptor, layout);
    executable = fstatvfs(descriptor, &filesystem) != 0 || (filesystem.f_flag & ST_NOEXEC) == 0;
    close(descriptor);
  }
  event_begin(&event, "check");
  event_flag(&event, "loadable", problem == NULL);
  event_flag(&event, "noexec", !executable);
  if (problem != NULL) event_text(&event, "problem", problem);
  event_send(&event);
  return problem == NULL;
}

int main(int count, char **arguments) {
  struct job job;
  struct layout layout;
  if (count == 2 && strcmp(arguments[1], "--version") == 0) {
    printf("plugin-gate-loader protocol %d for %s\n", PROTOCOL, MACHINE);
    return 0;
  }
  if (count != 1) {
    fprintf(stderr, "plugin-gate-loader: takes no arguments; the job comes on standard input\n");
    return 2;
  }
  if (fcntl(REPORT_DESCRIPTOR, F_GETFD) < 0) {
    fprintf(stderr, "plugin-gate-loader: descriptor %d is not open for the report\n", REPORT_DESCRIPTOR);
    return 2;
  }
  fcntl(REPORT_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
  /* They have done their work by now, and are not for programs that a plugin starts. */
  if (getenv(TRAIL_VARIABLE) != NULL) unsetenv("GLIBC_TUNABLES");
  unsetenv("LD_AUDIT");
  unsetenv(TRAIL_VARIABLE);
  const char *problem = job_read(STDIN_FILENO, &job);
  if (problem != NULL) {
    fprintf(stderr, "plugin-gate-loader: the job is not usable: %s\n", problem);
    return 2;
  }
  job.policy.largest_mapping = job.address_space;
  policy_prepare(&job.policy);
  report_start();
  report_loader();
  if (report_check(&job, &layout)) {
    supervise(&job, &layout);
  } else {
    struct event event;
    event_begin(&event, "done");
    event_number(&event, "leftovers", 0);
    event_send(&event);
  }
  /* Without the C library's end: the audit library would take it for the end of the plugin's process. */
  _exit(0);
}
