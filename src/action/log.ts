import { randomUUID } from 'node:crypto';
import type { Progress } from '../gate/step.ts';
import { visibleLine } from '../text/visible.ts';
import { escapeLog, escapeWorkflowData, escapeWorkflowProperty } from '../text/workflow.ts';

export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly title?: string;
}

/** The log of a job: the only writer to standard output of the Action. */
export interface ActionLog {
  /** Text of ours, which may hold names of others; no line of it becomes a workflow command. */
  readonly info: (text: string) => void;
  /** Shown when the job runs with debug logging. */
  readonly debug: (text: string) => void;
  readonly annotate: (level: 'error' | 'warning' | 'notice', message: string, place?: Place) => void;
  /** Workflow commands made elsewhere, escaped already, each ending with a line feed. */
  readonly commands: (text: string) => void;
  readonly progress: Progress;
}

function properties(place: Place): string {
  const parts = [
    place.title === undefined ? undefined : `title=${escapeWorkflowProperty(visibleLine(place.title))}`,
    place.file === undefined ? undefined : `file=${escapeWorkflowProperty(place.file)}`,
    place.line === undefined ? undefined : `line=${place.line}`,
    place.column === undefined ? undefined : `col=${place.column}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` ${parts.join(',')}`;
}

/**
 * Each activity is a log group. What programs print (compilers, builds, plugins) goes through `progress.output`: workflow
 * commands are stopped around it under a token that nobody can guess, so that a build cannot set outputs, mask or add
 * annotations in our name. Source: docs.github.com "Stopping and starting workflow commands".
 * @param write appends to standard output
 * @param debugging whether the job runs with debug logging (RUNNER_DEBUG=1)
 * @param token makes the token; unguessable
 */
export function actionLog(
  write: (text: string) => void,
  debugging: boolean,
  token: () => string = randomUUID,
): ActionLog {
  let group = false;
  let stopped: string | undefined;
  let lineOpen = false;

  const resume = () => {
    if (stopped === undefined) return;
    // The runner knows the token at the start of a line only.
    write(`${lineOpen ? '\n' : ''}::${stopped}::\n`);
    stopped = undefined;
    lineOpen = false;
  };
  const closeGroup = () => {
    resume();
    if (group) write('::endgroup::\n');
    group = false;
  };
  const line = (text: string) => {
    resume();
    write(`${text}\n`);
  };

  return {
    info: (text) => line(escapeLog(text)),
    debug: (text) => {
      if (debugging) line(`::debug::${escapeWorkflowData(text)}`);
    },
    annotate: (level, message, place = {}) => line(`::${level}${properties(place)}::${escapeWorkflowData(message)}`),
    commands: (text) => {
      resume();
      write(text);
    },
    progress: {
      start: (activity) => {
        closeGroup();
        write(`::group::${escapeWorkflowData(visibleLine(activity))}\n`);
        group = true;
      },
      output: (chunk) => {
        if (chunk === '') return;
        if (stopped === undefined) {
          stopped = token();
          write(`::stop-commands::${stopped}\n`);
        }
        write(chunk);
        lineOpen = !chunk.endsWith('\n');
      },
      end: closeGroup,
    },
  };
}
