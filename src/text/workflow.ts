/**
 * The message of a workflow command (`::error::message`), escaped as the runner unescapes it.
 * Source: actions/toolkit packages/core/src/command.ts, actions/runner ActionCommand.cs.
 */
export function escapeWorkflowData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property of a workflow command (`::error file=property::`). Source: as {@link escapeWorkflowData}. */
export function escapeWorkflowProperty(text: string): string {
  return escapeWorkflowData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * Text that is printed to the log of a job and may hold untrusted parts: no line of it is a workflow command any more.
 * Give it whole lines: a command could be put together from two chunks.
 * The runner takes `::` at the start of a line, after blanks, and the older `##[` anywhere in it (ActionCommand.cs,
 * TryParseV2 and TryParse); lines end at LF, CR or CRLF.
 */
export function escapeLog(text: string): string {
  return text.replace(/(^|[\r\n])((?:[^\S\r\n]|\x85)*)::/g, '$1$2: :').replaceAll('##[', '## [');
}
