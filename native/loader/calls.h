/**
 * The system calls that are recorded, and how each is described. X(name, kind): the kind says where its subject is.
 * Calls that one architecture does not have are left out there.
 */
#ifndef PLUGIN_GATE_CALLS_H
#define PLUGIN_GATE_CALLS_H

enum subject {
  SUBJECT_NONE,
  SUBJECT_PATH_0,    /* path in the first argument */
  SUBJECT_PATH_1,    /* path in the second: the first is a directory */
  SUBJECT_CHANGE_0,  /* as above, and the file system is changed */
  SUBJECT_CHANGE_1,
  SUBJECT_OPEN_1,    /* path in the first, flags in the second */
  SUBJECT_OPEN_2,    /* path in the second, flags in the third */
  SUBJECT_FAMILY,    /* socket: address family in the first */
  SUBJECT_ADDRESS,   /* socket address in the second, its length in the third */
  SUBJECT_CLONE,     /* flags in the first */
  SUBJECT_CLONE3,    /* flags in memory, at the first */
  SUBJECT_PROCESS,   /* a process is made */
  SUBJECT_NUMBER,    /* a process id in the first */
};

#define CALLS_EVERYWHERE(X)                                                                                            \
  X(openat, SUBJECT_OPEN_2) X(execve, SUBJECT_PATH_0) X(execveat, SUBJECT_PATH_1) X(socket, SUBJECT_FAMILY)                \
  X(connect, SUBJECT_ADDRESS) X(bind, SUBJECT_ADDRESS) X(clone, SUBJECT_CLONE) X(kill, SUBJECT_NUMBER)                     \
  X(ptrace, SUBJECT_NUMBER) X(process_vm_readv, SUBJECT_NUMBER) X(process_vm_writev, SUBJECT_NUMBER)                       \
  X(unlinkat, SUBJECT_CHANGE_1) X(mkdirat, SUBJECT_CHANGE_1) X(renameat2, SUBJECT_CHANGE_1)                                 \
  X(linkat, SUBJECT_CHANGE_1) X(symlinkat, SUBJECT_CHANGE_0) X(mknodat, SUBJECT_CHANGE_1)                                   \
  X(fchmodat, SUBJECT_CHANGE_1) X(fchownat, SUBJECT_CHANGE_1) X(truncate, SUBJECT_CHANGE_0)                                 \
  X(mount, SUBJECT_PATH_1) X(umount2, SUBJECT_PATH_0) X(chroot, SUBJECT_PATH_0) X(unshare, SUBJECT_NONE)                    \
  X(setns, SUBJECT_NONE) X(bpf, SUBJECT_NONE) X(perf_event_open, SUBJECT_NONE) X(memfd_create, SUBJECT_PATH_0)              \
  X(init_module, SUBJECT_NONE) X(finit_module, SUBJECT_NONE) X(add_key, SUBJECT_NONE) X(keyctl, SUBJECT_NONE)               \
  X(setuid, SUBJECT_NONE) X(setgid, SUBJECT_NONE) X(reboot, SUBJECT_NONE)

/** Calls of x86-64 that newer architectures have in their `at` form only. */
#define CALLS_X86_64(X)                                                                                                \
  X(open, SUBJECT_OPEN_1) X(creat, SUBJECT_CHANGE_0) X(fork, SUBJECT_PROCESS) X(vfork, SUBJECT_PROCESS)                     \
  X(unlink, SUBJECT_CHANGE_0) X(mkdir, SUBJECT_CHANGE_0) X(rmdir, SUBJECT_CHANGE_0) X(rename, SUBJECT_CHANGE_0)             \
  X(renameat, SUBJECT_CHANGE_1) X(link, SUBJECT_CHANGE_0) X(symlink, SUBJECT_CHANGE_0) X(mknod, SUBJECT_CHANGE_0)           \
  X(chmod, SUBJECT_CHANGE_0) X(chown, SUBJECT_CHANGE_0)

/** Numbers that are the same on every architecture, and that older headers lack. */
#define NUMBER_IO_URING_SETUP 425
#define NUMBER_CLONE3 435
#define NUMBER_OPENAT2 437
#define NUMBER_FCHMODAT2 452

#endif
