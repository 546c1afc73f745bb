/** Reading reports that were made elsewhere: needs zod, and Octokit to post them. */
export { reportCommand } from '../commands/report.ts';
