import type { Packages } from './packages.ts';
import type { Toolchain } from './run-case.ts';

/** Compilers for plugins of this machine. */
export const NATIVE_TOOLCHAIN: Toolchain = { programs: ['cc', 'c++'], c: ['cc'], cxx: ['c++'] };

/** Cross compilers for arm64, with the C library that machines get. */
export const ARM64_TOOLCHAIN: Toolchain = {
  programs: ['aarch64-linux-gnu-gcc', 'aarch64-linux-gnu-g++'],
  c: ['aarch64-linux-gnu-gcc'],
  cxx: ['aarch64-linux-gnu-g++'],
};

export const ARM64_KERNEL: Packages = {
  name: 'arm64-kernel',
  suite: 'bookworm',
  architecture: 'arm64',
  packages: ['linux-image-cloud-arm64'],
};

export const ARM64_LIBRARIES: Packages = {
  name: 'arm64-libraries',
  suite: 'bookworm',
  architecture: 'arm64',
  packages: ['libc6', 'libgcc-s1', 'libstdc++6', 'musl', 'musl-dev'],
};

/** The cross compiler with the headers and the library of musl (package musl-dev) below a root. */
export function muslToolchain(root: string): Toolchain {
  const include = `${root}/usr/include/aarch64-linux-musl`;
  const library = `${root}/lib/aarch64-linux-musl`;
  const options = ['-Wl,--no-as-needed', '-nostdinc', '-isystem', include, '-nostdlib', `-L${library}`];
  return {
    programs: ['aarch64-linux-gnu-gcc'],
    c: ['aarch64-linux-gnu-gcc', ...options],
    cxx: [],
    libraries: ['-lc', '-lgcc'],
  };
}
