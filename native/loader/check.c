#include "check.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
const char MACHINE[] = "x86-64";
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
const char MACHINE[] = "aarch64";
#define OWN_MACHINE EM_AARCH64
#else
#error "the loader is built for x86-64 and aarch64"
#endif

/** Program headers that a plugin may have; real ones have about ten. */
#define HEADER_LIMIT 512

static bool read_at(int descriptor, void *buffer, size_t size, uint64_t offset) {
  ssize_t got;
  do {
    got = pread(descriptor, buffer, size, (off_t)offset);
  } while (got < 0 && errno == EINTR);
  return got >= 0 && (size_t)got == size;
}

/** NULL when the header is one that this loader can load. */
static const char *check_header(const Elf64_Ehdr *header) {
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return "not-elf";
  if (header->e_ident[EI_CLASS] != ELFCLASS64) return "class";
  if (header->e_ident[EI_DATA] != ELFDATA2LSB) return "endian";
  if (header->e_machine != OWN_MACHINE) return "machine";
  if (header->e_type != ET_DYN) return "type";
  if (header->e_phentsize != sizeof(Elf64_Phdr)) return "malformed";
  if (header->e_phnum == 0 || header->e_phnum > HEADER_LIMIT) return "malformed";
  return NULL;
}

/** Whether [offset, offset + length) lies inside a file of `size` bytes. */
static bool inside(uint64_t offset, uint64_t length, uint64_t size) { return offset <= size && length <= size - offset; }

const char *check_file(int descriptor, struct layout *layout) {
  struct stat status;
  Elf64_Ehdr header;
  bool loads = false, dynamic = false;

  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return "unreadable";
  uint64_t size = (uint64_t)status.st_size;
  if (size < SELFMAG) return "not-elf";
  if (size < sizeof header) {
    char magic[SELFMAG];
    return read_at(descriptor, magic, sizeof magic, 0) && memcmp(magic, ELFMAG, SELFMAG) == 0 ? "truncated" : "not-elf";
  }
  if (!read_at(descriptor, &header, sizeof header, 0)) return "unreadable";
  const char *problem = check_header(&header);
  if (problem != NULL) return problem;
  if (!inside(header.e_phoff, (uint64_t)header.e_phnum * sizeof(Elf64_Phdr), size)) return "truncated";

  *layout = (struct layout){0};
  for (unsigned i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr segment;
    if (!read_at(descriptor, &segment, sizeof segment, header.e_phoff + i * sizeof segment)) return "unreadable";
    if (segment.p_type == PT_LOAD) {
      if (!inside(segment.p_offset, segment.p_filesz, size)) return "truncated";
      if (segment.p_filesz > segment.p_memsz) return "malformed";
      if (segment.p_vaddr + segment.p_memsz < segment.p_vaddr) return "malformed";
      if (!loads) layout->first_address = segment.p_vaddr - segment.p_offset;
      loads = true;
    } else if (segment.p_type == PT_DYNAMIC) {
      if (!inside(segment.p_offset, segment.p_filesz, size)) return "truncated";
      dynamic = true;
    } else if (segment.p_type == PT_GNU_RELRO) {
      layout->relro_address = segment.p_vaddr;
      layout->relro_size = segment.p_memsz;
    }
  }
  return loads && dynamic ? NULL : "malformed";
}
