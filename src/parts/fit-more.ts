/** What `fit` needs for hosts other than a program, for kinds of hosts, and for the longer forms of output. */
export { describedHost } from '../commands/fit-host.ts';
export { fitIntoHost } from '../fit/hosts.ts';
export { renderFitHtml } from '../report/fit-html.ts';
export { renderFitMarkdown } from '../report/fit-markdown.ts';
