/**
 * Stands where the gate expects the native loader (or the emulator that runs it): carries the job and the staged files into
 * an emulated machine, and its output, report and end back. Built for one machine:
 *
 *   -DSOCKET="/path/of/the/serial/port" [-DLOADER="/path/of/the/loader/for/the/machine"] [-DLOG="/path"]
 *
 * Without LOADER it is the last argument, as an emulator gets it. Linked statically: what is in its environment is for the
 * dynamic linker of the machine. What a run left behind in the machine goes to LOG.
 */
#include "frame.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define PATH_SIZE 4096

extern char **environ;

static int machine = -1;
static uint32_t run;
static const char *trail = "";

static void fail(const char *what) {
  fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void send_frame(uint32_t kind, const void *bytes, size_t size) {
  if (!frame_send(machine, run, kind, bytes, size)) fail("the machine is gone");
}

static void send_file(const char *path, const char *content_of) {
  struct stat status;
  uint32_t numbers[2];
  size_t size, head = sizeof numbers + strlen(path) + 1;
  int file = open(content_of, O_RDONLY | O_CLOEXEC);
  if (file < 0 || fstat(file, &status) != 0) fail(content_of);
  char *bytes = slurp(file, head, &size);
  if (bytes == NULL) fail("memory");
  numbers[0] = status.st_mode & 07777;
  numbers[1] = (uint32_t)(size - head);
  memcpy(bytes, numbers, sizeof numbers);
  strcpy(bytes + sizeof numbers, path);
  send_frame(FRAME_FILE, bytes, without_zeros(bytes, head, size));
  free(bytes);
  close(file);
}

static void send_tree(const char *path, const char *loader, const char *loader_content);

/** Sends a link, and what it leads to, at its own place. */
static void send_link(const char *path) {
  char target[PATH_SIZE], link[2 * PATH_SIZE + 600];
  struct stat status;
  if (realpath(path, target) == NULL || stat(target, &status) != 0) return;
  int length = snprintf(link, sizeof link, "%s%c%s", path, 0, target);
  send_frame(FRAME_LINK, link, (size_t)length);
  if (S_ISDIR(status.st_mode)) {
    send_tree(target, "", "");
  } else if (S_ISREG(status.st_mode)) {
    char directory[PATH_SIZE];
    snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(target, '/') - target), target);
    send_frame(FRAME_DIRECTORY, directory, strlen(directory));
    send_file(target, target);
  }
}

static void send_tree(const char *path, const char *loader, const char *loader_content) {
  send_frame(FRAME_DIRECTORY, path, strlen(path));
  DIR *directory = opendir(path);
  if (directory == NULL) fail(path);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    char inner[PATH_SIZE + 300];
    struct stat status;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
    if (lstat(inner, &status) != 0) continue;
    if (S_ISLNK(status.st_mode)) send_link(inner);
    else if (S_ISDIR(status.st_mode)) send_tree(inner, loader, loader_content);
    else if (S_ISREG(status.st_mode)) send_file(inner, strcmp(inner, loader) == 0 ? loader_content : inner);
  }
  closedir(directory);
}

/** What follows a word at the beginning of a line of the job; empty when there is none. */
static void word_of(const char *job, const char *word, char *value, size_t size) {
  const char *line = strstr(job, word);
  value[0] = '\0';
  if (line != NULL) snprintf(value, size, "%.*s", (int)strcspn(line + strlen(word), "\n"), line + strlen(word));
}

/** A rehearsal has two releases, each in a stage of its own. */
static void send_stage_of(const char *plugin, const char *known) {
  char root[PATH_SIZE];
  const char *tree = strstr(plugin, "/tree/");
  if (tree == NULL) return;
  snprintf(root, sizeof root, "%.*s", (int)(tree - plugin), plugin);
  if (strcmp(root, known) != 0) send_tree(root, "", "");
}

/** An emulator needs room of its own, a machine does not: the loader's own limit holds. */
static void keep_limit(char *job, size_t *size) {
  static const char NONE[] = "limit address-space 0\n";
  char *line = strstr(job, NONE);
  if (line == NULL) return;
  memmove(line, line + sizeof NONE - 1, strlen(line + sizeof NONE - 1) + 1);
  *size -= sizeof NONE - 1;
}

/** Bytes that a job may become longer by. */
#define ROOM (2 * PATH_SIZE)

/** Puts one text in the place of another; there is room for it. */
static void replace(char *job, size_t *size, const char *text, const char *with) {
  char *place = strstr(job, text);
  if (place == NULL) return;
  size_t length = strlen(text), instead = strlen(with);
  memmove(place + instead, place + length, strlen(place + length) + 1);
  memcpy(place, with, instead);
  *size = *size - length + instead;
}

/** An emulator is what is started in place of a host, with the host among its words; the machine starts the host itself. */
static void keep_host(char *job, size_t *size) {
  char emulator[PATH_SIZE], sysroot[PATH_SIZE], program[PATH_SIZE], text[4 * PATH_SIZE], with[2 * PATH_SIZE];
  word_of(job, "\nhost ", emulator, sizeof emulator);
  word_of(job, "\nargument -L\nargument ", sysroot, sizeof sysroot);
  if (emulator[0] == '\0' || sysroot[0] == '\0') return;
  snprintf(text, sizeof text, "\nargument -L\nargument %s\nargument ", sysroot);
  word_of(job, text, program, sizeof program);
  snprintf(text, sizeof text, "\nhost %s\nargument -L\nargument %s\nargument %s\n", emulator, sysroot, program);
  snprintf(with, sizeof with, "\nhost %s\n", program);
  replace(job, size, text, with);
  snprintf(text, sizeof text, "\nexecute %s\n", emulator);
  snprintf(with, sizeof with, "\nexecute %s\n", program);
  replace(job, size, text, with);
}

static void connect_machine(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", SOCKET);
  machine = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (machine < 0 || connect(machine, (struct sockaddr *)&address, sizeof address) != 0) fail(SOCKET);
}

static void write_log(const uint32_t *ended) {
#ifdef LOG
  FILE *log = fopen(LOG, "ae");
  if (log != NULL) fprintf(log, "processes %u, files %u, mounts %d\n", ended[1], ended[2], (int)ended[3]);
  if (log != NULL) fclose(log);
#else
  (void)ended;
#endif
}

static void end_as(int status) {
  const struct rlimit none = {0, 0};
  if (WIFEXITED(status)) exit(WEXITSTATUS(status));
  setrlimit(RLIMIT_CORE, &none);
  signal(WTERMSIG(status), SIG_DFL);
  raise(WTERMSIG(status));
  exit(2);
}

static void send_variable(const char *text) {
  static const char TRAIL[] = "PLUGIN_GATE_TRAIL=";
  if (strncmp(text, TRAIL, sizeof TRAIL - 1) == 0) trail = text + sizeof TRAIL - 1;
  send_frame(FRAME_VARIABLE, text, strlen(text));
}

static void write_trail(const char *bytes, size_t size) {
  int file = open(trail, O_WRONLY | O_CLOEXEC);
  if (file >= 0 && !write_all(file, bytes, size)) fail(trail);
  if (file >= 0) close(file);
}

/** A change in the machine is one here: that is where the gate looks. */
static void change(const char *path) {
  unlink(path);
  int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
}

int main(int count, char **arguments) {
  char root[PATH_SIZE], scratch[PATH_SIZE], loader[PATH_SIZE + 32], plugin[PATH_SIZE], successor[PATH_SIZE], paths[4 * PATH_SIZE + 64];
  struct timespec now;
  size_t size;
  if (getcwd(scratch, sizeof scratch) == NULL) fail("working directory");
  strcpy(root, scratch);
  char *slash = strrchr(root, '/');
  if (slash == NULL || strcmp(slash, "/scratch") != 0) fail("the working directory is not a stage");
  *slash = '\0';
  snprintf(loader, sizeof loader, "%s/plugin-gate-loader", root);
#ifdef LOADER
  const char *loader_content = LOADER;
#else
  const char *loader_content = arguments[count - 1];
#endif
  clock_gettime(CLOCK_MONOTONIC, &now);
  run = (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 8;
  signal(SIGPIPE, SIG_IGN);
  char *job = slurp(STDIN_FILENO, 0, &size);
  if (job == NULL) fail("memory");
  job[size] = '\0';
  job = realloc(job, size + ROOM);
  if (job == NULL) fail("memory");
  keep_limit(job, &size);
  keep_host(job, &size);
  word_of(job, "\nfile ", plugin, sizeof plugin);
  word_of(job, "\nsuccessor ", successor, sizeof successor);

  connect_machine();
  send_tree(root, loader, loader_content);
  send_stage_of(plugin, root);
  send_stage_of(successor, root);
  for (char **variable = environ; *variable != NULL; variable++) send_variable(*variable);
  /* As an emulator gets them. */
  for (int i = 1; i + 1 < count; i++) {
    if (strcmp(arguments[i], "-E") == 0) send_variable(arguments[++i]);
  }
  send_frame(FRAME_INPUT, job, size);
  int length = snprintf(paths, sizeof paths, "%s%c%s%c%s%c%s", loader, 0, scratch, 0, plugin, 0, trail);
  send_frame(FRAME_RUN, paths, (size_t)length);

  for (struct frame frame;;) {
    char *bytes = frame_receive(machine, &frame, 0);
    if (bytes == NULL) fail("the machine is gone");
    if (frame.run == run && frame.kind == FRAME_OUTPUT && frame.size > 4) {
      uint32_t descriptor;
      memcpy(&descriptor, bytes, sizeof descriptor);
      write_all((int)descriptor, bytes + sizeof descriptor, frame.size - sizeof descriptor);
    } else if (frame.run == run && frame.kind == FRAME_CHANGED) {
      change(plugin);
    } else if (frame.run == run && frame.kind == FRAME_BACK) {
      write_trail(bytes, frame.size);
    } else if (frame.run == run && frame.kind == FRAME_ENDED && frame.size == 16) {
      uint32_t ended[4];
      memcpy(ended, bytes, sizeof ended);
      write_log(ended);
      end_as((int)ended[0]);
    }
    free(bytes);
  }
}
