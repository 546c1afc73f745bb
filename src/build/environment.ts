import { UsageError } from '../errors.ts';

/** Names and values of environment variables. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Variables that a build gets from the gate's own environment: where programs and caches are, which compilers and
 * flags, the language of messages, the way to the network. All others stay outside, because a build runs code from
 * the whole dependency tree.
 */
const PASSED: readonly RegExp[] = [
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+|SOURCE_DATE_EPOCH)$/,
  /^(?:https?_proxy|no_proxy|all_proxy|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|SSL_CERT_FILE|SSL_CERT_DIR)$/,
  /^(?:CC|CXX|CPP|AR|AS|LD|NM|RANLIB|OBJCOPY|STRIP|PKG_CONFIG|PKG_CONFIG_(?:PATH|LIBDIR|SYSROOT_DIR))$/,
  /^(?:CPPFLAGS|CFLAGS|CXXFLAGS|LDFLAGS|CPATH|C_INCLUDE_PATH|CPLUS_INCLUDE_PATH|LIBRARY_PATH|LD_LIBRARY_PATH)$/,
  /^(?:CMAKE_(?:PREFIX_PATH|GENERATOR|TOOLCHAIN_FILE|BUILD_PARALLEL_LEVEL|BUILD_TYPE)|CCACHE_DIR|SCCACHE_DIR)$/,
  /^(?:GOROOT|GOPATH|GOCACHE|GOMODCACHE|GOENV|GOFLAGS|GOTOOLCHAIN|GOPROXY|GOSUMDB|GONOSUMDB|GONOPROXY|GOPRIVATE)$/,
  /^(?:GOEXPERIMENT|GOAMD64|GOARM64|GOARM|GO386|GOWORK|GOTMPDIR|CGO_[A-Z]+)$/,
  /^(?:CARGO_HOME|CARGO_TARGET_DIR|CARGO_INCREMENTAL|RUSTUP_HOME|RUSTUP_TOOLCHAIN|RUSTFLAGS|RUSTC|RUSTC_WRAPPER)$/,
];

/** Secrets of the job, and files through which a build could set the outputs or the environment of later steps. */
const REFUSED = /^(?:GITHUB_TOKEN|GH_TOKEN|GITHUB_(?:OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)|ACTIONS_.*|INPUT_.*)$/i;

/** Variables that change what comes out of a compiler; their values belong in the evidence. */
const TELLING =
  /^(?:CC|CXX|CPPFLAGS|CFLAGS|CXXFLAGS|LDFLAGS|SOURCE_DATE_EPOCH|GOOS|GOARCH|GOFLAGS|GOTOOLCHAIN|GOEXPERIMENT|GOAMD64|GOARM64|GOARM|GO386|CGO_[A-Z]+|RUSTFLAGS|RUSTUP_TOOLCHAIN)$/;

/**
 * The environment of a build: the allowed part of the gate's own, and what the configuration sets. It keeps secrets
 * from being handed over by accident; it is no wall against a build that looks for them, since a build runs as the
 * same user as the gate.
 * @param outer environment of the gate
 * @param set names and values from the configuration
 * @throws UsageError when the configuration sets a variable that no build may have
 */
export function buildEnvironment(outer: Readonly<Record<string, string | undefined>>, set: Environment): Environment {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(outer)) {
    if (value !== undefined && !REFUSED.test(name) && PASSED.some((pattern) => pattern.test(name))) {
      result[name] = value;
    }
  }
  for (const [name, value] of Object.entries(set)) {
    if (REFUSED.test(name)) {
      throw new UsageError(
        `build.env sets ${name}, which no build may have: it would let the build act for the job. Take it out; run what needs it in a step of its own.`,
      );
    }
    result[name] = value;
  }
  return result;
}

/** The variables that shape the compiler's output, sorted by name, for the evidence. */
export function tellingVariables(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment)
      .filter(([name]) => TELLING.test(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
