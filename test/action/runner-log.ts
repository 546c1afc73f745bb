/**
 * What the runner makes of the log of a step: the commands it would carry out, and the lines it would show.
 * Source: actions/runner, ActionCommand.cs (TryParseV2, TryParse) and ActionCommandManager.cs (stop-commands).
 */

export interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface RunnerLog {
  readonly commands: readonly RunnerCommand[];
  readonly lines: readonly string[];
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
}

function commandOf(line: string): RunnerCommand | undefined {
  const modern = /^\s*::([^\s:]+)(?: ([\s\S]*?))?::([\s\S]*)$/.exec(line);
  const old = /##\[([^\s\]]+)(?: ([^\]]*))?\]([\s\S]*)$/.exec(line);
  const match = modern ?? old;
  if (match?.[1] === undefined) return undefined;
  const properties = (match[2] ?? '').split(modern ? ',' : ';').flatMap((part) => {
    const at = part.indexOf('=');
    return at < 1 ? [] : [[part.slice(0, at).trim(), unescapeProperty(part.slice(at + 1))]];
  });
  return { name: match[1], properties: Object.fromEntries(properties), message: unescapeData(match[3] ?? '') };
}

export function readRunnerLog(text: string): RunnerLog {
  const commands: RunnerCommand[] = [];
  const lines: string[] = [];
  let stopToken: string | undefined;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const command = commandOf(line);
    if (stopToken !== undefined) {
      if (command?.name === stopToken) stopToken = undefined;
      else lines.push(line);
    } else if (command?.name === 'stop-commands') stopToken = command.message;
    else if (command !== undefined) commands.push(command);
    else lines.push(line);
  }
  return { commands, lines };
}
