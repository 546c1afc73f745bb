/**
 * The channel over which the supervisor hears the child, with a child that is all the plugin's (../loader/protocol.h): packets of
 * any bytes and sizes, the next expected message among them. Without the nonce of this wait, nothing may pass for an answer.
 */
#include "../loader/child.h"
#include "../loader/report.h"

#include "fuzz.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const fuzz_words[] = {"etag-glp", NULL};

static const uint64_t NONCE = UINT64_C(0x5eed5eed5eed5eed);

static int crashes;

static void on_crash(void *context) {
  const struct child *child = context;
  MUST(memchr(child->crash.text, '\0', sizeof child->crash.text) != NULL);
  crashes++;
}

static int on_call(void *context, struct call *call) {
  (void)context;
  (void)call;
  return 0;
}

/** No input has the nonce. */
static void on_told(void *context, const struct message *message) {
  (void)context;
  (void)message;
  MUST(false);
}

static void send_packet(int channel, struct input *input) {
  static uint8_t raw[sizeof(struct message) + 64];
  struct message message = {.magic = MESSAGE_MAGIC, .kind = KIND_RESULT, .step = STEP_OPEN};
  uint8_t form = 0;
  uint16_t length = 0;
  fuzz_take(input, &form, sizeof form);
  fuzz_take(input, &length, sizeof length);
  if ((form & 1) != 0) {
    length %= sizeof raw;
    fuzz_take(input, raw, length);
    ssize_t sent = send(channel, raw, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)sent;
    return;
  }
  if ((form & 2) != 0) message.kind = KIND_CRASH;
  if ((form & 32) != 0) message.kind = KIND_TOLD;
  if ((form & 4) != 0) memset(message.text, 'x', sizeof message.text);
  if ((form & 8) != 0) fuzz_take(input, &message, length % sizeof message);
  if ((form & 16) != 0) message.magic = MESSAGE_MAGIC;
  if (message.nonce == NONCE) message.nonce = 0;
  ssize_t sent = send(channel, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)sent;
}

void fuzz_one(const uint8_t *data, size_t size) {
  struct input input = {data, size};
  int channel[2], release[2];
  /* A process that is not ours: its status can never be taken. */
  struct child child = {.process = INT_MAX, .barrier = {.listener = -1}};
  const struct message expected = {.kind = KIND_RESULT, .step = STEP_OPEN, .nonce = NONCE};
  struct message message;
  MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) == 0 && pipe2(release, O_CLOEXEC) == 0);
  child.control = channel[0];
  child.release = release[1];
  child.watcher = (struct watcher){.crash = on_crash, .call = on_call, .told = on_told, .context = &child};
  child.hosted = size % 2 == 1;
  child.output[0].descriptor = child.output[1].descriptor = -1;
  crashes = 0;
  while (input.size > 0) {
    for (unsigned i = 0; i < 8 && input.size > 0; i++) send_packet(channel[1], &input);
    enum outcome outcome = child_wait(&child, &expected, &message, report_now());
    MUST(outcome == OUTCOME_TIMEOUT || outcome == OUTCOME_INTERFERED);
    MUST(crashes <= (child.hosted ? 0 : 1));
    if (outcome == OUTCOME_INTERFERED) break;
  }
  close(channel[0]);
  close(channel[1]);
  close(release[0]);
  close(release[1]);
}
