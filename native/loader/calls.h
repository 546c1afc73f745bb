/**
 * A system call that waits for the supervisor: what it is about, in words, and what a decision needs of it. X(name, kind): the
 * kind says where a call's subject is. Calls that an architecture does not have are passed over there.
 */
#ifndef PLUGIN_GATE_CALLS_H
#define PLUGIN_GATE_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum subject {
  SUBJECT_NONE,
  SUBJECT_PATH_0,   /* path in the first argument */
  SUBJECT_PATH_1,   /* path in the second: the first is a directory */
  SUBJECT_CHANGE_0, /* as above, and the file system is changed */
  SUBJECT_CHANGE_1,
  SUBJECT_OPEN_1,   /* path in the first, flags in the second */
  SUBJECT_OPEN_2,   /* directory in the first, path in the second, flags in the third */
  SUBJECT_OPENAT2,  /* directory in the first, path in the second, flags in memory at the third */
  SUBJECT_FAMILY,   /* socket: address family in the first */
  SUBJECT_ADDRESS,  /* socket address in the second, its length in the third */
  SUBJECT_SENT,     /* socket address in the fifth, its length in the sixth */
  SUBJECT_CLONE,    /* flags in the first */
  SUBJECT_PROCESS,  /* a process is made */
  SUBJECT_NUMBER,   /* a process id in the first */
};

#define CALLS(X)                                                                                                       \
  X(openat, SUBJECT_OPEN_2) X(openat2, SUBJECT_OPENAT2) X(open, SUBJECT_OPEN_1) X(creat, SUBJECT_CHANGE_0)                 \
  X(execve, SUBJECT_PATH_0) X(execveat, SUBJECT_PATH_1) X(socket, SUBJECT_FAMILY) X(connect, SUBJECT_ADDRESS)              \
  X(bind, SUBJECT_ADDRESS) X(sendto, SUBJECT_SENT) X(clone, SUBJECT_CLONE) X(fork, SUBJECT_PROCESS)                        \
  X(vfork, SUBJECT_PROCESS) X(kill, SUBJECT_NUMBER) X(tkill, SUBJECT_NUMBER) X(tgkill, SUBJECT_NUMBER)                     \
  X(process_vm_readv, SUBJECT_NUMBER) X(process_vm_writev, SUBJECT_NUMBER)                                                 \
  X(rt_sigqueueinfo, SUBJECT_NUMBER) X(rt_tgsigqueueinfo, SUBJECT_NUMBER)                                                  \
  X(unlinkat, SUBJECT_CHANGE_1) X(mkdirat, SUBJECT_CHANGE_1) X(renameat2, SUBJECT_CHANGE_1)                                 \
  X(linkat, SUBJECT_CHANGE_1) X(symlinkat, SUBJECT_CHANGE_0) X(mknodat, SUBJECT_CHANGE_1)                                   \
  X(fchmodat, SUBJECT_CHANGE_1) X(fchmodat2, SUBJECT_CHANGE_1) X(fchownat, SUBJECT_CHANGE_1)                                \
  X(truncate, SUBJECT_CHANGE_0) X(mount, SUBJECT_PATH_1) X(umount2, SUBJECT_PATH_0) X(chroot, SUBJECT_PATH_0)               \
  X(chdir, SUBJECT_PATH_0) X(unlink, SUBJECT_CHANGE_0) X(mkdir, SUBJECT_CHANGE_0) X(rmdir, SUBJECT_CHANGE_0)                \
  X(rename, SUBJECT_CHANGE_0) X(renameat, SUBJECT_CHANGE_1) X(link, SUBJECT_CHANGE_0) X(symlink, SUBJECT_CHANGE_0)          \
  X(mknod, SUBJECT_CHANGE_0) X(chmod, SUBJECT_CHANGE_0) X(chown, SUBJECT_CHANGE_0) X(memfd_create, SUBJECT_PATH_0)                \
  X(mq_open, SUBJECT_PATH_0) X(mq_unlink, SUBJECT_PATH_0)

/** What is recorded besides, without a subject of its own. */
#define CALLS_NOTED                                                                                                    \
  "ptrace memfd_secret shmget shmctl semget semctl msgget msgctl "                                                         \
  "unshare setns bpf perf_event_open init_module finit_module delete_module add_key request_key keyctl setuid setgid "    \
  "reboot io_uring_setup io_uring_enter io_uring_register userfaultfd pidfd_getfd pidfd_open pidfd_send_signal seccomp "  \
  "kexec_load kexec_file_load open_by_handle_at"

struct call {
  uint64_t id;
  pid_t thread; /* in the supervisor's numbering */
  int number;
  uint64_t arguments[6];
  enum subject subject;
  char detail[512]; /* what it is about: a path, an address; untrusted text */
  bool writes;      /* it opens for writing, or changes the file system */
  bool process;     /* it makes a process, not a thread */
  bool opens;       /* it opens a file */
  bool found;       /* the file is there */
  bool own;         /* a signal to its own process */
  char file[1024];  /* its real path, where that could be told */
  bool denied;
};

/** The subject of a call by its number. */
enum subject call_subject(int number);

/** Fills detail, writes and process from the registers and the memory of the thread, which waits. */
void call_describe(struct call *call);

/** Up to `size` bytes of a process's memory; how many there were. */
size_t read_memory(pid_t process, uint64_t address, void *buffer, size_t size);

#endif
