/**
 * The first process of an emulated machine: takes files and programs from the host over a virtio serial port, runs one
 * program at a time, and sends back what it wrote and what it left behind. Linked statically: the machine has only the
 * libraries that plugins need.
 */
#define _GNU_SOURCE
#include "frame.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define PORT "/dev/vport0p1"
#define MOST_VARIABLES 64
/**
 * Rounds of pause_briefly() after which the host is gone. The news that it closed the port, and that it opened it again, come
 * by another way than what it sends, and later.
 */
#define AWAY_LIMIT 1000

/** A rehearsal has two trees; and there are the directories that links of theirs lead into. */
#define MOST_ROOTS 16
/** Descriptors that the program writes to: standard output, standard error, its report. */
#define STREAMS 3

struct request {
  char *roots[MOST_ROOTS]; /* the trees that were sent */
  size_t root_count;
  char *variables[MOST_VARIABLES + 1];
  size_t variable_count;
  uid_t user;
};

static int port = -1;

static void fail(const char *what) {
  printf("machine: %s: %s\n", what, strerror(errno));
  fflush(stdout);
  reboot(RB_POWER_OFF);
  for (;;) pause();
}

static void pause_briefly(void) {
  const struct timespec moment = {.tv_nsec = 5000000};
  nanosleep(&moment, NULL);
}

static void load_modules(void) {
  /* The host named them so that they sort in the order of their dependencies. */
  struct dirent **names = NULL;
  int count = scandir("/modules", &names, NULL, alphasort);
  for (int i = 0; i < count; i++) {
    char path[300];
    snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
    int module = open(path, O_RDONLY | O_CLOEXEC);
    if (names[i]->d_name[0] != '.' && syscall(SYS_finit_module, module, "", 0) != 0) perror(path);
    close(module);
  }
}

/** Calls something for each entry of a directory. */
static void for_each_in(const char *path, void (*visit)(const char *inner, void *context), void *context) {
  DIR *directory = opendir(path);
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    char inner[4096];
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name) < (int)sizeof inner) visit(inner, context);
  }
  if (directory != NULL) closedir(directory);
}

/** Removes a file or a tree, without following links. */
static void remove_tree(const char *path, void *nothing) {
  if (unlink(path) == 0) return;
  chmod(path, 0700);
  for_each_in(path, remove_tree, nothing);
  rmdir(path);
}

/** Counts the files below a path, without what is mounted there. */
static void count_files(const char *path, void *count) {
  static dev_t root;
  struct stat status;
  if (lstat(path, &status) != 0) return;
  if (root == 0) root = status.st_dev;
  if (status.st_dev != root) return;
  if (S_ISDIR(status.st_mode)) for_each_in(path, count_files, count);
  else ++*(unsigned *)count;
}

static unsigned files_now(void) {
  unsigned count = 0;
  count_files("/.", &count);
  return count;
}

static unsigned count_lines(const char *path) {
  unsigned lines = 0;
  FILE *file = fopen(path, "re");
  for (int byte; file != NULL && (byte = getc(file)) != EOF;) lines += byte == '\n';
  if (file != NULL) fclose(file);
  return lines;
}

/** How many processes live besides this one and the kernel's threads; ends them when asked to. */
static unsigned living(bool ended) {
  unsigned count = 0;
  while (waitpid(-1, NULL, WNOHANG) > 0) continue;
  DIR *directory = opendir("/proc");
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    int process = atoi(entry->d_name);
    char path[64], name[64], state = 'Z';
    int parent = 0;
    if (process <= 1) continue;
    snprintf(path, sizeof path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "re");
    if (file == NULL) continue;
    if (fscanf(file, "%*d (%63[^)]) %c %d", name, &state, &parent) != 3) state = 'Z';
    fclose(file);
    if (process == 2 || parent == 2 || state == 'Z' || state == 'X') continue;
    if (ended) kill(process, SIGKILL);
    count++;
  }
  if (directory != NULL) closedir(directory);
  return count;
}

/** What still runs after a killed process had the time to vanish. */
static unsigned left_processes(void) {
  unsigned count = living(false);
  for (int round = 0; round < 20 && count > 0; round++) {
    pause_briefly();
    count = living(false);
  }
  for (int round = 0; round < 200 && living(true) > 0; round++) pause_briefly();
  return count;
}

static void write_file(const char *bytes, size_t size) {
  uint32_t numbers[2];
  const char *path = bytes + sizeof numbers;
  size_t head = sizeof numbers + strlen(path) + 1;
  memcpy(numbers, bytes, sizeof numbers);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool written = file >= 0 && write_all(file, bytes + head, size - head) && ftruncate(file, numbers[1]) == 0;
  if (!written || fchmod(file, numbers[0]) != 0) printf("machine: cannot write %s\n", path);
  close(file);
}

static void make_link(const char *path) {
  if (symlink(path + strlen(path) + 1, path) != 0) printf("machine: cannot link %s\n", path);
}

static void give_back(uint32_t run, const char *path) {
  size_t size;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  char *bytes = file < 0 ? NULL : slurp(file, 0, &size);
  if (bytes != NULL) frame_send(port, run, FRAME_BACK, bytes, without_zeros(bytes, 0, size));
  free(bytes);
  close(file);
}

static bool is_in_known_root(const struct request *request, const char *path) {
  for (size_t i = 0; i < request->root_count; i++) {
    size_t length = strlen(request->roots[i]);
    if (strncmp(path, request->roots[i], length) == 0 && (path[length] == '/' || path[length] == '\0')) return true;
  }
  return false;
}

/** A directory with those above it; one that is in no other begins a tree. */
static void make_directory(struct request *request, char *path) {
  for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0755);
    *slash = '/';
  }
  mkdir(path, 0755);
  if (!is_in_known_root(request, path) && request->root_count < MOST_ROOTS) {
    request->roots[request->root_count++] = strdup(path);
  }
}

static void set_variable(struct request *request, const char *text) {
  static const char USER[] = "MACHINE_USER=";
  if (strncmp(text, USER, sizeof USER - 1) == 0) request->user = (uid_t)atoi(text + sizeof USER - 1);
  else if (request->variable_count < MOST_VARIABLES) request->variables[request->variable_count++] = strdup(text);
}

static void clear(struct request *request) {
  for (size_t i = 0; i < request->variable_count; i++) free(request->variables[i]);
  for (size_t i = 0; i < request->root_count; i++) free(request->roots[i]);
  *request = (struct request){0};
}

/** True when the file is no longer the one that was sent. */
static bool is_changed(const char *path, const struct stat *before) {
  struct stat now;
  return stat(path, &now) != 0 || now.st_ino != before->st_ino || now.st_mtim.tv_nsec != before->st_mtim.tv_nsec ||
         now.st_mtim.tv_sec != before->st_mtim.tv_sec || now.st_size != before->st_size;
}

static pid_t start(const struct request *request, const char *program, const char *directory, int pipes[STREAMS][2]) {
  for (int i = 0; i < STREAMS; i++) {
    if (pipe2(pipes[i], O_CLOEXEC) != 0) fail("pipe");
  }
  pid_t child = fork();
  if (child != 0) {
    for (int i = 0; i < STREAMS; i++) close(pipes[i][1]);
    return child;
  }
  setsid();
  int input = open("/input", O_RDONLY | O_CLOEXEC);
  if (chdir(directory) != 0) _exit(126);
  dup2(input, 0);
  /* None of them has a number below 4: the port and the pipes' other ends came before. */
  for (int i = 0; i < STREAMS; i++) dup2(pipes[i][1], i + 1);
  if (request->user != 0 && (setgroups(0, NULL) != 0 || setgid(request->user) != 0 || setuid(request->user) != 0)) _exit(126);
  char *arguments[] = {strdup(program), NULL};
  execve(program, arguments, (char *const *)request->variables);
  _exit(127);
}

/** Passes on what the program writes until it ended and said everything. False when the host went away. */
static bool relay(uint32_t run, pid_t child, int pipes[STREAMS][2], int *status) {
  struct pollfd polled[STREAMS + 1];
  bool ended = false;
  unsigned away = 0;
  for (;;) {
    unsigned open_streams = 0;
    for (int i = 0; i < STREAMS; i++) {
      polled[i] = (struct pollfd){.fd = pipes[i][0], .events = POLLIN};
      open_streams += pipes[i][0] >= 0;
    }
    polled[STREAMS] = (struct pollfd){.fd = port};
    ended = ended || waitpid(child, status, WNOHANG) == child;
    int ready = poll(polled, STREAMS + 1, ended ? 50 : 20);
    /* What it left running may hold the pipes open for ever. */
    if (ended && (open_streams == 0 || ready == 0)) return true;
    if ((polled[STREAMS].revents & POLLHUP) != 0) {
      if (++away > AWAY_LIMIT) return false;
      pause_briefly();
    } else {
      away = 0;
    }
    for (int i = 0; i < STREAMS; i++) {
      char block[sizeof(uint32_t) + 65536];
      uint32_t descriptor = (uint32_t)i + 1;
      if (polled[i].revents == 0) continue;
      ssize_t count = read(pipes[i][0], block + sizeof descriptor, 65536);
      if (count <= 0) {
        close(pipes[i][0]);
        pipes[i][0] = -1;
        continue;
      }
      memcpy(block, &descriptor, sizeof descriptor);
      frame_send(port, run, FRAME_OUTPUT, block, sizeof descriptor + (size_t)count);
    }
  }
}

static void give_away(const char *path, void *user) {
  uid_t owner = *(uid_t *)user;
  for_each_in(path, give_away, user);
  if (lchown(path, owner, owner) != 0) printf("machine: cannot give away %s\n", path);
}

static void run(const struct frame *frame, struct request *request, const char *paths, unsigned files) {
  const char *program = paths, *directory = program + strlen(program) + 1, *watched = directory + strlen(directory) + 1,
             *back = watched + strlen(watched) + 1;
  struct stat before;
  int pipes[STREAMS][2], status = 0;
  uint32_t ended[4];
  const unsigned mounts = count_lines("/proc/mounts");
  for (size_t i = 0; i < request->root_count && request->user != 0; i++) give_away(request->roots[i], &request->user);
  if (stat(watched, &before) != 0) memset(&before, 0, sizeof before);
  pid_t child = start(request, program, directory, pipes);
  bool connected = relay(frame->run, child, pipes, &status);
  ended[1] = left_processes();
  for (int i = 0; i < STREAMS; i++) close(pipes[i][0]);
  if (connected && is_changed(watched, &before)) frame_send(port, frame->run, FRAME_CHANGED, "", 0);
  if (connected && *back != '\0') give_back(frame->run, back);
  for (size_t i = 0; i < request->root_count; i++) remove_tree(request->roots[i], NULL);
  ended[2] = files_now() - files;
  for_each_in("/tmp", remove_tree, NULL);
  ended[0] = (uint32_t)status;
  ended[3] = count_lines("/proc/mounts") - mounts;
  if (connected) frame_send(port, frame->run, FRAME_ENDED, ended, sizeof ended);
}

static void open_port(void) {
  for (int round = 0; round < 2000 && port < 0; round++) {
    port = open(PORT, O_RDWR | O_CLOEXEC);
    if (port < 0) pause_briefly();
  }
  if (port < 0) fail(PORT);
}

int main(void) {
  struct request request = {0};
  mkdir("/proc", 0755);
  mkdir("/sys", 0755);
  mkdir("/dev", 0755);
  mkdir("/tmp", 01777);
  chmod("/tmp", 01777);
  if (mount("proc", "/proc", "proc", 0, NULL) != 0) fail("/proc");
  mount("sysfs", "/sys", "sysfs", 0, NULL);
  mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  load_modules();
  open_port();
  close(open("/input", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  const unsigned files = files_now();
  printf("machine: ready\n");
  fflush(stdout);
  for (;;) {
    struct frame frame;
    char *bytes = frame_receive(port, &frame, AWAY_LIMIT);
    if (bytes == NULL) {
      /* Nobody is connected. */
      pause_briefly();
      continue;
    }
    if (frame.kind == FRAME_DIRECTORY) make_directory(&request, bytes);
    else if (frame.kind == FRAME_FILE) write_file(bytes, frame.size);
    else if (frame.kind == FRAME_LINK) make_link(bytes);
    else if (frame.kind == FRAME_VARIABLE) set_variable(&request, bytes);
    else if (frame.kind == FRAME_INPUT) {
      int input = open("/input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
      write_all(input, bytes, frame.size);
      close(input);
    } else if (frame.kind == FRAME_RUN) {
      run(&frame, &request, bytes, files);
      clear(&request);
    }
    free(bytes);
  }
}
